// Cuts clips out of a video without decoding it: their packets as they are, from a key frame on, with the sound beside them.
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clip, clipFiles, productFiles } from '../../contract/products.ts';
import type { Log } from '../../log.ts';
import type { Disk } from '../disk.ts';
import type { Caps } from '../movie/caps.ts';
import type { CodedPacket } from '../movie/coded-packet.ts';
import type { Laid } from '../movie/layout.ts';
import { layMp4, type Mp4Input } from '../movie/mp4.ts';
import { writeMovie } from '../movie/write-movie.ts';
import { demux, type DemuxOptions, type StreamName } from './demuxing.ts';
import { Draft } from './draft.ts';
import { findKeyFrames, newsMs, type Planned } from './key-frames.ts';
import { layMatroska } from './matroska.ts';
import type { Moment } from './moments.ts';

export interface CutOptions extends DemuxOptions {
  readonly moments: readonly Moment[];
  readonly rotation: Mp4Input['rotation'];
  /** Gets the files. */
  readonly folder: string;
  readonly disk: Disk;
  /** How much of the video was passed, 0..1. */
  readonly onShare: (share: number) => void;
  readonly passage: () => Promise<void> | null;
  /** Told of each file before it is there. */
  readonly onMade: (name: string) => void;
  readonly log: Log;
}

export type CutClip = Omit<Clip, 'poster'> & { readonly moment: Moment };

export interface CutResult {
  readonly clips: readonly CutClip[];
  /** Moments of which no clip could be made. */
  readonly failed: number;
  /** Clips whose sound could not be kept. */
  readonly silenced: number;
}

/** Clips that are written side by side; more of them that overlap take another pass. */
const mostOpen = 8;
/** Packets of one time lie so far from each other in a file, the sound's before and behind the pictures'. */
const skewNs = 3e9;

/**
 * Throws Fault source-stalled or cancelled, and artifact-failed where the disk does not take a clip for another reason
 * than its room.
 */
export async function cutClips(options: CutOptions): Promise<CutResult> {
  const { moments, onShare } = options;
  const planned = await findKeyFrames(options, moments, () => onShare(0));
  const passes = passesOf(planned);
  const clips: CutClip[] = [];
  let silenced = 0;
  for (const [index, pass] of passes.entries()) {
    const done = new CutPass(options, pass, (share) => onShare((index + share) / passes.length));
    clips.push(...(await done.run()));
    silenced += done.silenced;
  }
  return { clips: clips.sort((a, b) => a.number - b.number), failed: moments.length - clips.length, silenced };
}

function passesOf(planned: readonly Planned[]): Planned[][] {
  const passes: Planned[][] = [];
  const endOf = ({ moment }: Planned) => moment.toS * 1e9 + 2 * skewNs;
  for (const one of planned) {
    const free = passes.find((pass) => pass.filter((other) => endOf(other) > one.fromNs - skewNs).length < mostOpen);
    if (free) free.push(one);
    else passes.push([one]);
  }
  return passes;
}

class CutPass {
  readonly #options: CutOptions;
  readonly #onShare: (share: number) => void;
  /** Not begun yet, in the order of their beginnings. */
  readonly #waiting: Planned[];
  readonly #open = new Map<Planned, Draft>();
  /** Clips whose sound could not be kept. */
  silenced = 0;
  readonly #clips: CutClip[] = [];
  readonly #reached: Record<StreamName, number> = { video: 0, audio: 0 };
  readonly #fromNs: number;
  readonly #toNs: number;
  #turn: Promise<unknown> = Promise.resolve();
  /** Of the pass, 0..1. */
  #told = 0;
  #toldAt = performance.now();

  constructor(options: CutOptions, planned: readonly Planned[], onShare: (share: number) => void) {
    this.#options = options;
    this.#waiting = [...planned];
    this.#onShare = onShare;
    this.#fromNs = planned[0]?.fromNs ?? 0;
    this.#toNs = Math.max(...planned.map(({ moment }) => moment.toS * 1e9));
  }

  async run(): Promise<readonly CutClip[]> {
    try {
      const { brokenBy } = await demux(this.#options, {
        keysOnly: false,
        sound: true,
        // The two streams take turns: what one of them opens or ends is the other's as well.
        take: (stream, packet, caps) => {
          const turn = this.#turn.then(() => this.#take(stream, packet, caps));
          this.#turn = turn.catch(() => undefined); // told to whoever brought the packet
          return turn;
        },
      });
      if (brokenBy) this.#options.log.info({ reason: brokenBy.message }, 'the video breaks off while clips are cut');
      for (const planned of [...this.#open.keys()]) await this.#end(planned);
      return this.#clips;
    } finally {
      await this.#turn;
      for (const draft of this.#open.values()) await draft.close();
    }
  }

  /** True: there is nothing more to be cut. */
  async #take(stream: StreamName, packet: CodedPacket, caps: Caps): Promise<boolean> {
    const held = this.#options.passage();
    if (held) await held;
    const atNs = packet.atNs ?? packet.decodedNs ?? 0;
    if (stream === 'video') this.#tell(atNs);
    this.#reached[stream] = Math.max(this.#reached[stream], atNs);
    for (let next = this.#waiting[0]; next && next.fromNs <= atNs + skewNs; next = this.#waiting[0]) {
      this.#waiting.shift();
      const { folder, disk } = this.#options;
      const path = join(folder, `${productFiles.clip(next.number)}.part`);
      const times = { fromNs: next.fromNs, toNs: next.moment.toS * 1e9 };
      this.#open.set(next, await Draft.open({ path, disk, ...times }));
    }
    for (const [planned, draft] of this.#open) {
      await draft.take(stream, packet, caps);
      if (draft.over && this.#soundCame(planned)) await this.#end(planned);
    }
    return this.#open.size === 0 && this.#waiting.length === 0;
  }

  /** A sound that is not there at all, or ended, is not waited for longer than it may lie behind. */
  #soundCame({ moment }: Planned): boolean {
    const behindNs = moment.toS * 1e9 + 1e9;
    return this.#reached.audio > behindNs || this.#reached.video > behindNs + skewNs;
  }

  async #end(planned: Planned): Promise<void> {
    const draft = this.#open.get(planned);
    this.#open.delete(planned);
    if (!draft) return;
    const { number, moment, fromNs } = planned;
    try {
      const made = draft.untimed ? null : await draft.finish();
      // The video broke off before it.
      const reached = made !== null && seconds(fromNs + made.endNs) > moment.seenFromS;
      const laid = reached
        ? layClip({ ...made, rotation: this.#options.rotation, order: 'as they lie' }, made.endNs)
        : null;
      if (!made || !laid) {
        this.#options.log.info({ clip: number, untimed: draft.untimed }, 'clip could not be cut');
        return;
      }
      const bytes = await this.#write(number, laid, draft.packets);
      const { class: name, seenFromS: seen_from_s, seenToS: seen_to_s, best } = moment;
      const [from_s, to_s] = [seconds(fromNs), seconds(fromNs + made.endNs)];
      if (laid.silenced) this.silenced += 1;
      this.#clips.push({
        number,
        class: name,
        seen_from_s,
        seen_to_s,
        from_s,
        to_s,
        best,
        bytes,
        type: laid.type,
        moment,
      });
    } finally {
      await draft.close();
    }
  }

  #write(number: number, laid: Laid, packets: FileHandle): Promise<number> {
    const { folder, disk, passage, signal, onMade } = this.#options;
    const { video: name } = clipFiles({ number, type: laid.type });
    onMade(name);
    return writeMovie({ path: join(folder, name), laid, packets: [packets, packets], disk, passage, signal });
  }

  #tell(atNs: number): void {
    const share = Math.min((atNs - this.#fromNs) / Math.max(1, this.#toNs - this.#fromNs), 1);
    // On the way to the first clip there is no share, but still news.
    if (share < this.#told + 0.005 && performance.now() - this.#toldAt < newsMs) return;
    this.#told = Math.max(this.#told, share);
    this.#toldAt = performance.now();
    this.#onShare(this.#told);
  }
}

/** A sound that neither file has a place for is left out. Null where that is so of the pictures. */
function layClip(made: Mp4Input, endNs: number): (Laid & { readonly silenced: boolean }) | null {
  const whole = layMp4(made) ?? layMatroska(made.video, made.audio, endNs);
  if (whole || !made.audio) return whole && { ...whole, silenced: false };
  const silent = layMp4({ ...made, audio: null }) ?? layMatroska(made.video, null, endNs);
  return silent && { ...silent, silenced: true };
}

/** To the microsecond. */
function seconds(ns: number): number {
  return Math.max(0, Math.round(ns / 1e3) / 1e6);
}
