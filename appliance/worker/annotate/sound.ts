// The source's sound, as an MP4 carries it everywhere: AAC is taken over as it is, anything else becomes AAC.
import { Fault } from '../../contract/fault.ts';
import type { DecodingOptions } from '../ingest/decoding.ts';
import { waitFor } from '../ingest/patience.ts';
import type { Caps } from '../movie/caps.ts';
import { PacketReader } from '../movie/coded-packet.ts';
import type { SampleFile, Stream } from './sample-file.ts';

export interface SoundOptions extends Pick<DecodingOptions, 'path' | 'player' | 'stallMs' | 'signal'> {
  /** Gets the sound. */
  readonly samples: SampleFile;
  /** Of the video; it may be 0 where nobody knows. */
  readonly durationS: number;
  readonly passage: () => Promise<void> | null;
  readonly onShare: (share: number) => void;
}

export type Sound =
  | { readonly kind: 'sound'; readonly stream: Stream }
  | { readonly kind: 'silent' }
  /** Why there is none, though the source has some. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Sound that counts as the source's. The first stream of it is taken. */
const soundTypes = [
  'audio/mpeg',
  'audio/x-ac3',
  'audio/x-eac3',
  'audio/ac3',
  'audio/x-private1-ac3',
  'audio/x-private1-lpcm',
  'audio/x-dts',
  'audio/x-opus',
  'audio/x-vorbis',
  'audio/x-flac',
  'audio/x-alac',
  'audio/x-raw',
  'audio/x-alaw',
  'audio/x-mulaw',
  'audio/x-adpcm',
  'audio/x-wma',
  'audio/AMR',
  'audio/AMR-WB',
  'audio/x-speex',
].join(';');

const demux = `filesrc name=source ! decodebin name=demux expose-all-streams=false caps="${soundTypes}"`;
const toSink = 'gdppay crc-header=false ! appsink name=sink sync=false max-buffers=16';
const framed = 'aacparse ! audio/mpeg,mpegversion=4,stream-format=raw';
const texts = {
  look: `${demux} ! ${toSink}`,
  copy: `${demux} ! ${framed} ! ${toSink}`,
  // Two channels at most: what has more is mixed down for players that know no more.
  encode:
    `${demux} ! decodebin ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=(int)[1,2] ! ` +
    `avenc_aac bitrate=160000 ! ${framed} ! ${toSink}`,
} as const;

/**
 * GStreamer's avenc_aac brings so many samples late, and does not say so: what an AAC encoder needs to begin with.
 */
const encoderDelay = 1024;

/** Throws what the disk says, or the signal's reason. */
export async function takeSound(options: SoundOptions): Promise<Sound> {
  const caps = await firstCaps(options);
  if (caps === null) return { kind: 'silent' };
  const isAac = caps['name'] === 'audio/mpeg' && caps['mpegversion'] !== '1';
  const { samples } = options;
  for (const way of isAac ? (['copy', 'encode'] as const) : (['encode'] as const)) {
    await samples.clear();
    const sound = await take(way, options);
    if (sound.kind === 'sound' || way === 'encode') return sound;
  }
  return { kind: 'silent' };
}

/** Null for a source without sound. */
async function firstCaps({ path, player, stallMs, signal }: SoundOptions): Promise<Caps | null> {
  const playback = player.play(texts.look, path);
  try {
    const pull = playback.puller();
    const patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
    const reader = new PacketReader();
    while (!reader.caps) {
      const bytes = await waitFor(pull(), patience);
      if (bytes === null) return null;
      reader.read(bytes);
    }
    return reader.caps;
  } catch {
    signal.throwIfAborted();
    return null; // GStreamer's way to say that no stream is of these types
  } finally {
    playback.stop();
  }
}

async function take(way: 'copy' | 'encode', options: SoundOptions): Promise<Sound> {
  const { path, player, stallMs, signal, samples, durationS, passage, onShare } = options;
  let playback;
  try {
    playback = player.play(texts[way], path);
  } catch (error) {
    return { kind: 'lost', reason: reasonOf(error) };
  }
  const patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
  const pull = playback.puller();
  const reader = new PacketReader();
  const failures: string[] = [];
  /** Of the newest packet, as the source has it, and of the newest that was taken. */
  let [atNs, reachedNs, lastNs] = [0, -Infinity, 0];
  try {
    for (;;) {
      await passage();
      const bytes = await waitFor(pull(), patience).catch((error: unknown) => {
        signal.throwIfAborted();
        failures.push(reasonOf(error));
        return null;
      });
      if (bytes === null) break;
      const packet = reader.read(bytes);
      if (!packet || !reader.caps) continue;
      atNs = packet.atNs ?? atNs;
      const timeNs = way === 'encode' ? atNs - (encoderDelay * 1e9) / Number(reader.caps['rate']) : atNs;
      lastNs = packet.durationNs ?? 0;
      // What lies before the one in front of it belongs to another edit.
      if (timeNs <= reachedNs) continue;
      reachedNs = timeNs;
      await samples.append(packet.data, timeNs, true);
      onShare(durationS > 0 ? Math.min(1, Math.max(0, timeNs / 1e9 / durationS)) : 0);
    }
  } finally {
    playback.stop();
  }
  const isWhole = reader.caps?.['codec_data'] !== undefined && samples.count > 0;
  if (isWhole) return { kind: 'sound', stream: await samples.finish(reader.caps, lastNs) };
  return { kind: 'lost', reason: failures[0] ?? 'nothing of it could be decoded' };
}

function reasonOf(error: unknown): string {
  if (error instanceof Fault && error.code === 'source-stalled') return 'nothing of it came out of the file';
  const missing = error instanceof Error ? /no element "([^"]+)"/.exec(error.message)?.[1] : undefined;
  return missing === undefined ? 'it cannot be decoded here' : `GStreamer lacks ${missing}`;
}
