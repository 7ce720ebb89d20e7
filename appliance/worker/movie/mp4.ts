// An MP4 of coded packets, with its index in front, so that it plays while it is fetched. ISO/IEC 14496-12.
import { box, fullBox, u16, u32, u32List, u64, u64List } from './boxes.ts';
import { pixelAspect } from './caps.ts';
import { type Laid, type Order, type Run, runsOf } from './layout.ts';
import { audioEntry, type SampleEntry, videoEntry } from './mp4-codecs.ts';
import type { Track } from './samples.ts';

export interface Mp4Input {
  readonly video: Track;
  readonly audio: Track | null;
  /** Degrees clockwise by which the picture is turned for showing. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly order: Order;
}

/** Ticks a second of the movie and its pictures: divides by 24, 25, 30 and 29.97 frames, and by milliseconds. */
const perSecond = 90_000;

/** Null where the codecs are none for an mp4. */
export function layMp4({ video, audio, rotation, order }: Mp4Input): Laid | null {
  const [picture, sound] = [videoEntry(video), audio && audioEntry(audio)];
  if (!picture || (audio && !sound)) return null;
  const tracks = [
    { number: 1, track: video, ...picture, isVideo: true, rotation, scale: perSecond },
    ...(audio && sound ? [{ number: 2, track: audio, ...sound, ...ofSound, scale: soundScale(audio) }] : []),
  ].map((one): Timed => ({ ...one, ...timesOf(one.track, one.scale) }));
  const runs = runsOf(
    tracks.map(({ track, skip }) => ({ samples: track.samples, skip })),
    order,
  );
  const head = box('ftyp', 'isom', u32(512), 'isomiso2mp41');
  const dataBytes = runs.reduce((sum, { size }) => sum + size, 0);
  const dataHead = Buffer.concat([u32(1), Buffer.from('mdat'), u64(16 + dataBytes)]);
  // The index is of one length wherever the data lies.
  const length = movie(tracks, runs, 0).length;
  const index = movie(tracks, runs, head.length + length + dataHead.length);
  return { head: Buffer.concat([head, index, dataHead]), runs, type: 'video/mp4' };
}

interface Timed extends SampleEntry {
  readonly number: number;
  readonly track: Track;
  readonly isVideo: boolean;
  readonly rotation: Mp4Input['rotation'];
  /** Ticks a second. */
  readonly scale: number;
  /** When each is decoded, in ticks: those at which they are shown, in order. */
  readonly decoded: Float64Array;
  /** By how much all are decoded earlier, so that none is shown before it is decoded. */
  readonly early: number;
  readonly endTicks: number;
  /** Where the first is shown. Below 0: what is before the movie's beginning is not played. */
  readonly startTicks: number;
}

const ofSound = { isVideo: false, rotation: 0 } as const;

/** Sound is counted in its samples. */
function soundScale({ caps }: Track): number {
  return Number(caps['rate']) || perSecond;
}

function timesOf({ samples, lastNs }: Track, scale: number) {
  const decoded = samples.shown().map((ns) => toTicks(ns, scale));
  for (let at = 1; at < decoded.length; at++) decoded[at] = Math.max(decoded[at] ?? 0, (decoded[at - 1] ?? 0) + 1);
  let early = 0;
  for (let at = 0; at < decoded.length; at++) {
    early = Math.max(early, (decoded[at] ?? 0) - toTicks(samples.at(at).atNs, scale));
  }
  const endTicks = (decoded.at(-1) ?? 0) + Math.max(1, toTicks(lastNs, scale));
  return { decoded, early, endTicks, startTicks: decoded[0] ?? 0 };
}

function toTicks(ns: number, scale: number): number {
  return Math.round((ns * scale) / 1e9);
}

/** Rounded up, so that no sample is cut off. */
function toMovie(ticks: number, { scale }: Timed): number {
  return Math.ceil((ticks * perSecond) / scale - 1e-6);
}

function movie(tracks: readonly Timed[], runs: readonly Run[], dataAt: number): Buffer {
  const duration = Math.max(...tracks.map((one) => toMovie(one.endTicks, one)));
  const unity = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const header = [u64(0, 0), u32(perSecond), u64(duration), u32(0x10000), u16(0x100, 0), u32(0, 0), unity];
  const places = tracks.map((): Place[] => []);
  let at = dataAt;
  for (const { track, count, size } of runs) {
    places[track]?.push({ at, count });
    at += size;
  }
  const traks = tracks.map((one, index) => trak(one, places[index] ?? []));
  return box('moov', fullBox('mvhd', 1, 0, ...header, Buffer.alloc(24), u32(tracks.length + 1)), ...traks);
}

/** Where a run begins in the file, and how many packets it has. */
interface Place {
  readonly at: number;
  readonly count: number;
}

function trak(timed: Timed, places: readonly Place[]): Buffer {
  const { number, track, isVideo, rotation, scale, early, endTicks, startTicks } = timed;
  const [width, height] = isVideo ? [Number(track.caps['width']), Number(track.caps['height'])] : [0, 0];
  const [across, down] = pixelAspect(track.caps);
  const shownWidth = Math.round((width * 65_536 * across) / down);
  const [shownHeight, volume] = [height * 65_536, isVideo ? 0 : 0x100];
  const times = [u64(0, 0), u32(number, 0), u64(toMovie(endTicks, timed)), u32(0, 0)];
  const shown = [u16(0, 0, volume, 0), turned(rotation, shownWidth, shownHeight), u32(shownWidth, shownHeight)];
  const head = fullBox('tkhd', 1, 3, ...times, ...shown);
  const media = [
    fullBox('mdhd', 1, 0, u64(0, 0), u32(scale), u64(endTicks - startTicks + early), u16(0x55c4, 0)), // 'und'
    fullBox(
      'hdlr',
      0,
      0,
      u32(0),
      isVideo ? 'vide' : 'soun',
      u32(0, 0, 0),
      isVideo ? 'VideoHandler\0' : 'SoundHandler\0',
    ),
    box(
      'minf',
      isVideo ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u32(0)),
      box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
      box('stbl', ...sampleTable(timed, places)),
    ),
  ];
  return box('trak', head, box('edts', editList(timed)), box('mdia', ...media));
}

/** §8.6.6: what is not there at the beginning, and then all from the first that is shown. */
function editList(timed: Timed): Buffer {
  const { early, endTicks, startTicks } = timed;
  const entry = (length: number, from: number) => Buffer.concat([u64(toMovie(length, timed), from), u16(1, 0)]);
  const gap = startTicks > 0 ? [entry(startTicks, -1)] : [];
  const entries = [...gap, entry(endTicks - Math.max(0, startTicks), early + Math.max(0, -startTicks))];
  return fullBox('elst', 1, 0, u32(entries.length), ...entries);
}

/** §8.6 and §8.7. */
function sampleTable(timed: Timed, places: readonly Place[]): Buffer[] {
  const { entry, track, scale, skip, decoded, early, endTicks } = timed;
  const { samples } = track;
  const durations = new Repeats();
  const offsets = new Repeats();
  const sizes = Buffer.alloc(4 * samples.length);
  const keys: number[] = [];
  let at = 0;
  for (const { size, atNs, key } of samples) {
    durations.add((decoded[at + 1] ?? endTicks) - (decoded[at] ?? 0));
    offsets.add(Math.max(0, toTicks(atNs, scale) - (decoded[at] ?? 0) + early));
    sizes.writeUInt32BE(size - skip, 4 * at);
    if (key) keys.push(at + 1);
    at += 1;
  }
  const chunks: number[] = [];
  let before = 0;
  for (const [index, { count }] of places.entries()) {
    if (count !== before) chunks.push(index + 1, count, 1);
    before = count;
  }
  return [
    fullBox('stsd', 0, 0, u32(1), entry),
    fullBox('stts', 0, 0, u32(durations.length), u32List(durations.entries)),
    ...(early === 0 ? [] : [fullBox('ctts', 0, 0, u32(offsets.length), u32List(offsets.entries))]),
    ...(keys.length === samples.length ? [] : [fullBox('stss', 0, 0, u32(keys.length), u32List(keys))]),
    fullBox('stsz', 0, 0, u32(0, samples.length), sizes),
    fullBox('stsc', 0, 0, u32(chunks.length / 3), u32List(chunks)),
    fullBox('co64', 0, 0, u32(places.length), u64List(places.map((place) => place.at))),
  ];
}

/** How often a value comes in a row: a count and the value, by turns. */
class Repeats {
  readonly entries: number[] = [];

  get length(): number {
    return this.entries.length / 2;
  }

  add(value: number): void {
    const last = this.entries.length - 1;
    if (last > 0 && this.entries[last] === value) this.entries[last - 1] = (this.entries[last - 1] ?? 0) + 1;
    else this.entries.push(1, value);
  }
}

/** The matrix of §6.2.2 that turns a picture clockwise, and moves it back to where it began. Sizes in 1/65536. */
function turned(rotation: Mp4Input['rotation'], width: number, height: number): Buffer {
  const one = 0x10000;
  const [a, b, c, d, x, y] = {
    0: [one, 0, 0, one, 0, 0],
    90: [0, one, -one, 0, height, 0],
    180: [-one, 0, 0, -one, width, height],
    270: [0, -one, one, 0, 0, width],
  }[rotation] as [number, number, number, number, number, number];
  return u32(a, b, 0, c, d, 0, x, y, 0x40000000);
}
