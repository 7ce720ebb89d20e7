// The ladder of H.264 encoders: those that a machine may have, best first, and which of them works here.
import { existsSync } from 'node:fs';
import { encoderElements } from '../../contract/elements.ts';
import { Fault } from '../../contract/fault.ts';
import type { FullShape } from '../ingest/full.ts';
import { waitFor } from '../ingest/patience.ts';
import type { Playback, Player } from '../ingest/player.ts';
import { i420Layout } from './yuv-surface.ts';

/** What an encoder is to be told. */
export interface EncoderWish {
  /** Frames a second; a guess where it varies. Times are kept whatever it is. */
  readonly fps: number;
  readonly shape: FullShape;
  readonly threads: number;
}

export interface EncoderKind {
  readonly element: keyof typeof encoderElements;
  /** Of hardware: files of which one is there where it is. */
  readonly devices?: readonly string[];
  /** Frames that it keeps before the first packet of one comes out. */
  readonly delay: number;
  /** From I420 to H.264; no B-frames, so that packets come in the order of their frames. */
  readonly text: (wish: EncoderWish) => string;
}

/** The encoder's launch text: from frames that are pushed into `source` to packets of one frame each in `sink`. */
export function encoderText(kind: EncoderKind, wish: EncoderWish): string {
  const { width, height, pixelAspect, colorimetry } = wish.shape;
  const size = `width=${evenUp(width)},height=${evenUp(height)},pixel-aspect-ratio=${pixelAspect}`;
  const colours = colorimetry === null ? '' : `,colorimetry=${colorimetry}`;
  const rate = `framerate=${Math.max(1, Math.round(wish.fps * 1000))}/1000`;
  return [
    // Their number is bounded by who pushes.
    `appsrc name=source format=time max-bytes=0 caps=video/x-raw,format=I420,${size},${rate}${colours}`,
    kind.text(wish),
    'h264parse',
    'video/x-h264,stream-format=avc,alignment=au',
    // x264enc moves times by 1000 hours, and the segment with them.
    'identity single-segment=true',
    'gdppay crc-header=false',
    'appsink name=sink sync=false max-buffers=4',
  ].join(' ! ');
}

/** H.264 with 4:2:0 has no odd sizes. */
export function evenUp(length: number): number {
  return length + (length % 2);
}

/** A key frame every two seconds: what a player may have to decode when it seeks. */
function keyDistance({ fps }: EncoderWish): number {
  return Math.min(300, Math.max(10, Math.round(fps * 2)));
}

/** kbit/s for encoders that know no constant quality: a tenth of a bit for each pixel, as x264 needs for such scenes. */
function kilobits({ fps, shape }: EncoderWish): number {
  return Math.max(500, Math.round((shape.width * shape.height * fps) / 10_000));
}

const ladder: readonly EncoderKind[] = [
  {
    // Of Jetsons; after NVIDIA's documentation, not tried on one.
    element: 'nvv4l2h264enc',
    devices: ['/dev/nvhost-msenc', '/dev/v4l2-nvenc'],
    delay: 8,
    text: (wish) =>
      'nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! nvv4l2h264enc num-B-Frames=0 ' +
      `bitrate=${kilobits(wish) * 1000} iframeinterval=${keyDistance(wish)}`,
  },
  {
    element: 'vah264enc',
    devices: ['/dev/dri/renderD128', '/dev/dri/renderD129'],
    delay: 4,
    text: (wish) =>
      `videoconvert ! video/x-raw,format=NV12 ! vah264enc b-frames=0 bitrate=${kilobits(wish)} key-int-max=${keyDistance(wish)}`,
  },
  {
    element: 'x264enc',
    delay: 0,
    // Superfast: 1.4 ms for a frame of 640 × 360, 10 ms for 1080p; two thirds of veryfast, at a tenth more bytes.
    text: (wish) =>
      `x264enc tune=zerolatency speed-preset=superfast pass=qual quantizer=23 vbv-buf-capacity=0 ` +
      `threads=${wish.threads} key-int-max=${keyDistance(wish)}`,
  },
  {
    element: 'openh264enc',
    delay: 0,
    text: (wish) =>
      `openh264enc complexity=low usage-type=camera rate-control=bitrate bitrate=${kilobits(wish) * 1000} ` +
      `gop-size=${keyDistance(wish)} multi-thread=${wish.threads}`,
  },
];

/** One frame is encoded in milliseconds; hardware that has to wake up takes longer. */
const trialMs = 10_000;

/**
 * The first that makes packets of black frames of this size. Throws Fault annotation-failed, with what would help, where
 * none does, or the signal's reason.
 */
export async function chooseEncoder(player: Player, wish: EncoderWish, signal: AbortSignal): Promise<EncoderKind> {
  const failures: string[] = [];
  for (const kind of ladder) {
    const failure = await failureOf(kind, { player, wish, signal });
    if (failure === null) return kind;
    if (failure !== absent) failures.push(`${kind.element}: ${failure}`);
  }
  const found = failures.length > 0 ? ` (${failures.join('; ')})` : '';
  throw new Fault(
    'annotation-failed',
    `No video can be annotated here, since GStreamer has no H.264 encoder that works${found}. ` +
      `Install with: apt-get install ${encoderElements.x264enc}`,
  );
}

const absent = 'it is not there';

interface Trial {
  readonly player: Player;
  readonly wish: EncoderWish;
  readonly signal: AbortSignal;
}

async function failureOf(kind: EncoderKind, { player, wish, signal }: Trial): Promise<string | null> {
  if (kind.devices && !kind.devices.some((device) => existsSync(device))) return absent;
  let playback;
  try {
    playback = player.play(encoderText(kind, wish), null);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.includes('no element') ? absent : reason;
  }
  try {
    const [push, pull] = [playback.feeder(), playback.puller()];
    const black = blackPicture(wish.shape);
    for (let frame = 0; frame <= kind.delay; frame++) push(black, frame * 40_000_000);
    const patience = { stallMs: trialMs, signal: AbortSignal.any([signal, playback.broken]) };
    return (await waitFor(pull(), patience)) === null ? 'it ended' : null;
  } catch {
    signal.throwIfAborted();
    return whyBroken(playback) ?? 'nothing came out of it';
  } finally {
    playback.stop();
  }
}

/** In GStreamer's words; null for a pipeline that is not broken. The Fault's own are about sources. */
export function whyBroken({ broken }: Playback): string | null {
  if (!broken.aborted) return null;
  const { cause } = broken.reason as Fault;
  const words = cause instanceof Error ? /^\S+: (.+?)[.]?: /s.exec(cause.message)?.[1] : undefined;
  return words ?? 'it gave up';
}

function blackPicture(shape: FullShape): Uint8Array {
  const { offsets, bytes } = i420Layout(shape);
  return new Uint8Array(bytes).fill(16, 0, offsets[1]).fill(128, offsets[1]);
}
