// Looks at a source before the work begins: what it is, how it is shown, and how many frames it holds.
import { access, constants, stat } from 'node:fs/promises';
import { Fault } from '../../contract/fault.ts';
import type { SourceInfo } from '../../contract/frame.ts';
import { parsePacket } from './gdp.ts';
import { emptyHeader, readCaps, readFraction, readSegment, readTags, refuseHuge, type StreamHeader } from './header.ts';
import { waitFor, type Patience } from './patience.ts';
import type { Platform } from './pipeline.ts';
import type { Player } from './player.ts';

export interface ProbedSource {
  readonly info: SourceInfo;
  /** Width of one shown pixel by its height; 1 for nearly every source. */
  readonly pixelAspect: number;
}

export interface ProbeOptions extends Patience {
  readonly path: string;
  readonly player: Player;
  readonly platform: Platform;
}

/** Throws Fault source-empty, source-undecodable, source-without-video, source-without-frames, source-stalled or cancelled. */
export async function probe(options: ProbeOptions): Promise<ProbedSource> {
  await refuseEmpty(options.path);
  const counting = countPackets(options, options.platform.count);
  counting.catch(() => undefined); // thrown below, unless the header has the better reason
  const header = await readHeaderPatiently(options);
  const demuxed = await counting;
  const stream = unframed.has(demuxed.container)
    ? { ...demuxed, packets: (await countPackets(options, options.platform.parsedCount)).packets }
    : demuxed;
  const durationS = header.durationS ?? stream.durationS ?? 0;
  const sideways = header.rotation === 90 || header.rotation === 270;
  const info: SourceInfo = {
    container: stream.container,
    codec: stream.codec,
    width: sideways ? header.height : header.width,
    height: sideways ? header.width : header.height,
    rotation: header.rotation,
    fps: averageRate({ ...stream, durationS }),
    duration_s: durationS,
    frames: stream.packets,
  };
  return { info, pixelAspect: sideways ? 1 / header.pixelAspect : header.pixelAspect };
}

/** Throws Fault source-empty or source-undecodable. */
export async function refuseEmpty(path: string): Promise<void> {
  // GStreamer would find out too, but its message names the path.
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new Fault('source-undecodable', 'The input file is not there or cannot be read.', { cause });
  });
  const file = await stat(path);
  if (file.isDirectory()) throw new Fault('source-undecodable', 'The input is a folder, not a file.');
  if (file.isFile() && file.size === 0) throw new Fault('source-empty', 'The file is empty.');
}

/**
 * decodebin swallows the error of a demuxer that fails in the instant of being plugged in (a few files in a hundred that
 * are cut off before their index, more on a busy machine), and then nothing ever comes. So silence is believed the second
 * time, not later: the silent pipeline is left to its player with all the memory that it has taken, since stopping one
 * that hangs in a read would block.
 */
async function readHeaderPatiently(options: ProbeOptions): Promise<StreamHeader> {
  try {
    return await readHeader({ ...options, stallMs: Math.min(options.stallMs, firstSilenceMs) });
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'source-stalled') throw fault;
    return readHeader(options);
  }
}

const firstSilenceMs = 2000;

/** Decodes up to the first frame: what stands in front of it says how the picture is shown. */
async function readHeader({ path, player, platform, stallMs, signal }: ProbeOptions): Promise<StreamHeader> {
  const playback = player.play(platform.header, path);
  const pull = playback.puller();
  const patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
  let header = emptyHeader;
  for (;;) {
    const packet = await waitFor(pull(), patience);
    if (packet === null) {
      // Where the pipeline broke, the bus tells why, perhaps a little later.
      await waitFor(playback.finished, patience);
      playback.stop();
      throw new Fault('source-without-frames', 'The video stream holds no frame that can be decoded.');
    }
    const part = parsePacket(packet);
    if (part.kind === 'caps') refuseHuge((header = readCaps(header, part.text)));
    if (part.kind === 'segment') header = readSegment(header, part.text);
    if (part.kind === 'tag') header = readTags(header, part.text);
    if (part.kind === 'buffer') {
      playback.stop();
      return header;
    }
  }
}

interface CountedStream {
  readonly container: string;
  readonly codec: string;
  readonly packets: number | null;
  /** As the demuxer tells it: 0 for a variable rate. */
  readonly nominalRate: number;
  readonly durationS: number | null;
  /** Where the last packet lies, in seconds. */
  readonly endS: number | null;
}

/** One pass that demuxes and decodes nothing: right where header counts lie (fragmented, cut off, variable rate). */
async function countPackets(
  { path, player, stallMs, signal }: ProbeOptions,
  launchText: string,
): Promise<CountedStream> {
  const playback = player.play(launchText, path);
  const patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
  const counter = playback.child('count');
  const packets = () => Number(/num-buffers=\(guint64\)(\d+)/.exec(String(counter['stats']))?.[1] ?? 0);
  let seen = -1;
  let whole = false;
  while (!whole) {
    try {
      await waitFor(playback.finished, patience);
      whole = true;
    } catch (fault) {
      // A stream that breaks on its way still has the frames before the break; only their number is not known now.
      if (playback.broken.aborted && !signal.aborted && packets() > 0) break;
      // A big file on a slow disk takes longer than stallMs; as long as packets come, it is at work.
      const now = packets();
      if (!(fault instanceof Fault) || fault.code !== 'source-stalled' || now === seen) throw fault;
      seen = now;
    }
  }
  const caps = lastCaps(playback.child('last')['last-sample']);
  const counted: CountedStream = {
    container: mediaName(String(playback.child('typefind')['caps']), containers),
    codec: codecName(caps),
    packets: whole ? packets() : null,
    nominalRate: readFraction(caps['framerate']),
    durationS: playback.duration(),
    endS: playback.position(),
  };
  playback.stop();
  return counted;
}

function lastCaps(sample: unknown): Readonly<Record<string, string>> {
  if (typeof sample !== 'object' || sample === null || !('caps' in sample)) return {};
  return Object.fromEntries(Object.entries(sample.caps as object).map(([field, value]) => [field, String(value)]));
}

/** Matroska gives a nominal rate even where the real one varies; the others leave it out then. AVI's may be one of fields. */
function averageRate(stream: CountedStream & { durationS: number }): number {
  const { nominalRate, packets, durationS, endS } = stream;
  const spanS = endS ?? durationS;
  const measured = packets !== null && spanS > 0 ? packets / spanS : 0;
  if (nominalRate === 0) return packets !== null && durationS > 0 ? packets / durationS : 0;
  if (stream.container === 'avi' && measured > 0) return nominalRate / Math.max(1, Math.round(nominalRate / measured));
  const varies = stream.container === 'matroska' && measured > 0 && Math.abs(measured / nominalRate - 1) > 0.1;
  return varies ? measured : nominalRate;
}

/** Their packets hold a part of a frame, or several. */
const unframed: ReadonlySet<string> = new Set(['mpegps', 'mpegts']);

const containers: Readonly<Record<string, string>> = {
  'video/quicktime': 'mp4',
  'application/x-3gp': '3gp',
  'video/x-matroska': 'matroska',
  'video/webm': 'webm',
  'video/x-msvideo': 'avi',
  'video/mpegts': 'mpegts',
  'video/mpeg': 'mpegps',
  'application/ogg': 'ogg',
  'video/x-flv': 'flv',
};

/** `video/x-h264, width=…` as `h264`, unless the table knows a better name. */
function mediaName(caps: string, names: Readonly<Record<string, string>>): string {
  const type = caps.split(/[,;]/, 1)[0]?.trim() ?? '';
  return names[type] ?? type.replace(/^\w+\/(x-)?/, '');
}

function codecName(caps: Readonly<Record<string, string>>): string {
  const name = mediaName(caps['name'] ?? '', { 'image/jpeg': 'mjpeg', 'video/x-raw': 'raw' });
  return name === 'mpeg' ? `mpeg${caps['mpegversion'] ?? ''}` : name;
}
