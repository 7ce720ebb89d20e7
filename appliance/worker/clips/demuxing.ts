// One pass over a file that takes it apart and decodes nothing: the packets of its video, and those of its first sound.
import type { AppSink } from '../ingest/gstreamer.ts';
import { waitFor } from '../ingest/patience.ts';
import { videoTypes } from '../ingest/pipeline.ts';
import type { Player } from '../ingest/player.ts';
import type { Caps } from '../movie/caps.ts';
import { type CodedPacket, PacketReader } from '../movie/coded-packet.ts';
import { Fault } from '../../contract/fault.ts';

export interface DemuxOptions {
  readonly path: string;
  readonly player: Player;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** As the probe named it. */
  readonly container: string;
}

export type StreamName = 'video' | 'audio';

export interface DemuxPass {
  /** Only packets of the video that can be begun with, and of the sound none. */
  readonly keysOnly: boolean;
  /** Without: the sound is left alone. */
  readonly sound: boolean;
  /** Streams come side by side, the packets of each in the order of decoding. True: no more is wanted of any. */
  readonly take: (stream: StreamName, packet: CodedPacket, caps: Caps) => Promise<boolean> | boolean;
}

export interface Demuxed {
  readonly video: Caps | null;
  readonly audio: Caps | null;
  /** What ended it before the file did; null: nothing. */
  readonly brokenBy: Fault | null;
}

/** Their packets are frames, with all that is to be known beside them. Those of other containers are parsed first. */
const framed: ReadonlySet<string> = new Set(['mp4', '3gp', 'matroska', 'webm']);

const sounds =
  'audio/mpeg;audio/x-ac3;audio/x-eac3;audio/x-opus;audio/x-vorbis;audio/x-flac;audio/x-alac;audio/x-raw;audio/x-dts';

/** Throws Fault source-stalled or cancelled, and what `take` throws. */
export async function demux(options: DemuxOptions, pass: DemuxPass): Promise<Demuxed> {
  const { path, player, stallMs, signal } = options;
  const playback = player.play(launchText(options, pass), path);
  const readers = { video: new PacketReader(), audio: new PacketReader() };
  const stopped = AbortSignal.any([signal, playback.broken]);
  const pace = new Pace();
  const seen = { enough: false, ended: false };
  const pump = async (stream: StreamName, patienceMs: number): Promise<void> => {
    const sink = playback.child(stream) as AppSink;
    const reader = readers[stream];
    for (;;) {
      const coming = new Promise<Buffer | null>((resolve) => sink.pull(resolve));
      const packet = await waitFor(coming, { stallMs: patienceMs, signal: stopped });
      if (packet === null) {
        pace.over(stream);
        return;
      }
      const coded = reader.read(packet);
      if (coded && (await pass.take(stream, coded, reader.caps ?? { name: '' }))) seen.enough = true;
      if (seen.enough) return;
      if (!coded || !pass.sound) continue;
      const behind = pace.passed(stream, coded.atNs ?? coded.decodedNs ?? 0);
      if (behind) await behind;
    }
  };
  let brokenBy: Fault | null = null;
  let hanging = false;
  try {
    // Sound may be silent for as long as the video lasts, and a file may have none: the video says when it is over.
    const audio = pass.sound ? pump('audio', endlessMs) : Promise.resolve();
    audio.catch(() => undefined); // awaited below
    await pump('video', stallMs);
    seen.ended = true;
    if (!seen.enough && readers.audio.caps) await waitFor(audio, { stallMs: tailMs, signal: stopped });
  } catch (fault) {
    if (!(fault instanceof Fault) || signal.aborted) throw fault;
    const stalled = fault.code === 'source-stalled';
    hanging = stalled && !seen.ended;
    if (fault === playback.broken.reason) brokenBy = fault;
    else if (!stalled || hanging) throw fault; // a sound that does not come to its end is no harm
  } finally {
    // Stopping one that hangs in a read would hang as well: that is left to its player.
    if (!hanging) playback.stop();
  }
  return { video: readers.video.caps, audio: readers.audio.caps, brokenBy };
}

/** Keeps the two streams together: sound has more packets a second, and each is fetched in the same time. */
class Pace {
  readonly #reached: Record<StreamName, number> = { video: 0, audio: 0 };
  /** Nothing of the sound came for a while: there may be none here, and it is not waited for before it comes again. */
  #silent = false;
  #wake: (() => void) | null = null;

  /** For the video a wait where it is ahead of the sound. */
  passed(stream: StreamName, atNs: number): Promise<void> | null {
    this.#reached[stream] = atNs;
    const ahead = this.#reached.video - this.#reached.audio > mostAheadNs;
    if (stream === 'audio') {
      this.#silent = false;
      if (!ahead) this.#wake?.();
      return null;
    }
    if (!ahead || this.#silent) return null;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#silent = true;
        resolve();
      }, silentMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  over(stream: StreamName): void {
    if (stream === 'audio') void this.passed('audio', Infinity);
  }
}

const mostAheadNs = 5e8;
const silentMs = 50;
/** setTimeout takes no more. */
const endlessMs = 2 ** 31 - 1;
const tailMs = 2000;

function launchText({ container }: DemuxOptions, { keysOnly, sound }: DemuxPass): string {
  const parse = framed.has(container) ? '' : 'parsebin ! ';
  const only = keysOnly ? 'identity drop-buffer-flags=delta-unit ! ' : '';
  const branch = (caps: string, name: string) =>
    `demux. ! capsfilter caps="${caps}" ! ${parse}${only}gdppay crc-header=false ! ` +
    `appsink name=${name} sync=false async=false max-buffers=16`;
  const both = sound ? `${videoTypes};${sounds}` : videoTypes;
  return [
    `filesrc name=source ! decodebin name=demux expose-all-streams=false caps="${both}"`,
    branch(videoTypes, 'video'),
    ...(sound ? [branch(sounds, 'audio')] : []),
  ].join(' ');
}
