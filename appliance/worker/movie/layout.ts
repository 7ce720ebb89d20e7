// How packets follow each other in the movie that is made of them.
import type { Sample, Samples } from './samples.ts';

/** Packets of one track that lie behind each other in their file as they will in the movie. */
export interface Run {
  readonly track: number;
  /** In the file of the packets. */
  readonly offset: number;
  readonly size: number;
  /** Packets. */
  readonly count: number;
}

/** A file, but for the bytes of its packets: what stands in front of all of them, and in front of each run. */
export interface Laid {
  readonly head: Buffer;
  readonly runs: readonly (Run & { readonly head?: Buffer })[];
  readonly type: 'video/mp4' | 'video/x-matroska';
}

/** `skip`: so many bytes in front of each packet are left out. */
export interface Source {
  readonly samples: Samples;
  readonly skip: number;
}

/** Of tracks whose packets lie in one file; of tracks that have a file each, what is shown together lies together. */
export type Order = 'as they lie' | 'by time';

/** A player reads one run of each track by turns; longer ones would make it jump. */
const longestRun = 256 * 1024;
const turnNs = 500e6;

export function runsOf(sources: readonly Source[], order: Order): Run[] {
  const runs: Run[] = [];
  for (const { track, offset, size } of packetsOf(sources, order)) {
    const last = runs.at(-1);
    if (last?.track === track && last.offset + last.size === offset && last.size < longestRun) {
      runs[runs.length - 1] = { ...last, size: last.size + size, count: last.count + 1 };
    } else {
      runs.push({ track, offset, size, count: 1 });
    }
  }
  return runs;
}

export interface Packet extends Sample {
  readonly track: number;
}

/** Of all tracks, those of each in the order of decoding. */
export function* packetsOf(sources: readonly Source[], order: Order): Generator<Packet, void, undefined> {
  const next = sources.map(() => 0);
  for (;;) {
    let first: Packet | null = null;
    let firstPlace = Infinity;
    for (const [track, { samples, skip }] of sources.entries()) {
      const index = next[track] ?? 0;
      if (index >= samples.length) continue;
      const { offset, size, ...rest } = samples.at(index);
      const place = order === 'as they lie' ? offset : Math.floor(rest.atNs / turnNs);
      if (first && place >= firstPlace) continue;
      first = { track, offset: offset + skip, size: size - skip, ...rest };
      firstPlace = place;
    }
    if (!first) return;
    next[first.track] = (next[first.track] ?? 0) + 1;
    yield first;
  }
}
