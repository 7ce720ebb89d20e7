// The text of every pipeline that reads a source, for each platform. Paths are never part of it: they are set as a
// property of `source`.
import { gstreamerElements } from '../../contract/elements.ts';
import type { Turn } from './exif.ts';

/** Coded video that counts as the source's video, best first; stills such as cover art (PNG) are not among it. */
export const videoTypes = [
  'video/x-h264',
  'video/x-h265',
  'video/x-vp8',
  'video/x-vp9',
  'video/x-av1',
  'video/mpeg,systemstream=(boolean)false',
  'video/x-theora',
  'video/x-h263',
  'video/x-divx',
  'video/x-xvid',
  'video/x-msmpeg',
  'video/x-wmv',
  'video/x-flash-video',
  'video/x-dv,systemstream=(boolean)false',
  'video/x-dirac',
  'video/x-prores',
  'video/x-ffv',
  'video/x-huffyuv',
  'video/x-raw',
  'image/jpeg',
].join(';');

// Demuxes and hands on one video stream, still coded. Audio is neither parsed nor decoded, and the same
// stream is chosen in every pass, so that the count is the count of what is later decoded.
const demux = `filesrc name=source ! decodebin name=demux expose-all-streams=false caps="${videoTypes}"`;

// identity single-segment: PTS from 0 whatever the edit list says. gdppay: the only way to bring exact PTS to JS.
const toSink = 'gdppay crc-header=false ! appsink name=sink sync=false';

export interface Platform {
  /** Ends at end of stream; `count` counts packets, `last` keeps the last one with its caps. */
  readonly count: string;
  /** The same for containers whose packets are not frames: a parser cuts them first. */
  readonly parsedCount: string;
  /** Decoded frames as stored, with caps, segment and tags in front. */
  readonly header: string;
  /** Upright frames as three 8-bit planes R, G, B of exactly this size, stretched to it. */
  readonly frames: (width: number, height: number) => string;
  /** The same, and into a sink `full` the same frames as I420 in the source's own size: both are to be emptied in step. */
  readonly framesBesideFull: (scaled: Size, full: Size) => string;
  /** Those of the sink `full` alone. */
  readonly full: (size: Size) => string;
  /** As `frames`, to be started by a jump: its sink drops what it cannot hold until then. */
  readonly framesByJump: (width: number, height: number) => string;
  /** The same of a PNG or JPEG file, turned as its header says: read by us, since not every parser tells videoflip. */
  readonly still: (picture: StillPicture) => string;
  /** Of whole PNG or JPEG pictures pushed into `source`, whatever their size: a frame of each, turned and stretched alike. */
  readonly fedStill: (picture: StillPicture) => string;
  /** From frames as above, pushed into `source`, to a JPEG of each in another size. */
  readonly jpeg: (from: Size, to: Size) => string;
  /** What the texts need, and the Debian package of each. */
  readonly elements: Readonly<Record<string, string>>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface StillPicture {
  readonly kind: 'png' | 'jpeg';
  readonly direction: Turn['direction'];
  readonly width: number;
  readonly height: number;
}

/** What was decoded, as it is shown. */
function upright(direction: Turn['direction'] | 'auto'): string {
  // Its own thread for scaling, so that the decoder works on while a frame is scaled.
  return `${queue(4)} ! videoflip video-direction=${direction}`;
}

function queue(buffers: number): string {
  return `queue max-size-buffers=${buffers} max-size-bytes=0 max-size-time=0`;
}

/** Upright frames as planes of exactly this size, from what was decoded. */
function fitted(width: number, height: number, direction: Turn['direction'] | 'auto' = 'auto'): string {
  return `${upright(direction)} ! ${scaled(width, height)}`;
}

function scaled(width: number, height: number): string {
  return [
    // Scale before convert: 1.5 against 5.1 ms for a 1080p frame. The borders are grey and pasted later.
    'videoscale add-borders=false',
    'videoconvert',
    `video/x-raw,format=RGBP,${sizeCaps({ width, height })}`,
    'identity single-segment=true',
    toSink,
  ].join(' ! ');
}

function sizeCaps({ width, height }: Size): string {
  return `width=${width},height=${height},pixel-aspect-ratio=1/1`;
}

/** Holds four frames with the one that waits in front of the sink: full.ts counts on them. */
function inFull({ width, height }: Size): string {
  // The size is that of the first frames: a stream that changes it is stretched to it, as its boxes are.
  const caps = `video/x-raw,format=I420,width=${width},height=${height}`;
  const sink = 'gdppay crc-header=false ! appsink name=full sync=false max-buffers=1 wait-on-eos=false';
  return `${queue(2)} ! videoscale add-borders=false ! videoconvert ! ${caps} ! identity single-segment=true ! ${sink}`;
}

const decode = `${demux} ! decodebin name=decode force-sw-decoders=true`;

// Without their parsers, the decoders take what is left of a file that is cut off for the whole. Of several pictures the
// first is taken: eos-after ends the stream at the one that it names. A PNG goes the way that a video's colours go, since
// GStreamer's conversion from YUV to RGB is up to five levels off: past it, scores were up to 0.36 from the video's.
const decodeStill = {
  png: 'filesrc name=source ! pngparse ! identity eos-after=2 ! pngdec ! videoconvert ! video/x-raw,format=I420,colorimetry=bt709',
  jpeg: 'filesrc name=source ! jpegparse ! identity eos-after=2 ! jpegdec',
} as const satisfies Record<StillPicture['kind'], string>;

// Each buffer is one picture: no parser has to find its end.
const decodeFedStill = {
  png: 'appsrc name=source format=time caps=image/png,framerate=0/1 ! pngdec ! videoconvert ! video/x-raw,format=I420,colorimetry=bt709',
  jpeg: 'appsrc name=source format=time caps=image/jpeg,framerate=0/1 ! jpegdec',
} as const satisfies Record<StillPicture['kind'], string>;

const toCount = 'identity name=count ! fakesink name=last sync=false';

export const platforms = {
  software: {
    // Codec headers (Theora, VP8 in Ogg) travel as packets of their own and are no frames. Behind a parser the same flag
    // marks a key frame that brings its headers along.
    count: `${demux} ! identity drop-buffer-flags=header ! ${toCount}`,
    parsedCount: `${demux} ! parsebin ! ${toCount}`,
    header: `${decode} ! video/x-raw ! ${toSink} max-buffers=1`,
    frames: (width, height) => `${decode} ! ${fitted(width, height)} max-buffers=4`,
    framesBesideFull: ({ width, height }, full) =>
      `${decode} ! ${upright('auto')} ! tee name=both ! ${queue(1)} ! ${scaled(width, height)} max-buffers=4 ` +
      `both. ! ${inFull(full)}`,
    full: (size) => `${decode} ! ${upright('auto')} ! ${inFull(size)}`,
    // gdppay lets no seek pass: a sink of its own takes it, and both see its flush.
    framesByJump: (width, height) =>
      `${decode} ! tee name=both ! ${fitted(width, height)} max-buffers=64 drop=true wait-on-eos=false ` +
      'both. ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! fakesink sync=false async=false',
    still: ({ kind, direction, width, height }) =>
      `${decodeStill[kind]} ! ${fitted(width, height, direction)} max-buffers=1`,
    fedStill: ({ kind, direction, width, height }) =>
      `${decodeFedStill[kind]} ! ${fitted(width, height, direction)} max-buffers=1`,
    jpeg: (from, to) =>
      [
        `appsrc name=source format=time caps=video/x-raw,format=RGBP,${sizeCaps(from)},framerate=0/1`,
        'videoscale add-borders=false',
        'videoconvert',
        // JFIF 1.02: full range BT.601, which videoconvert would not choose by itself.
        `video/x-raw,format=I420,${sizeCaps(to)},colorimetry=1:4:0:0`,
        'jpegenc quality=70',
        'appsink name=sink sync=false',
      ].join(' ! '),
    elements: gstreamerElements,
  },
} as const satisfies Record<string, Platform>;
