// What GStreamer's text forms of caps, segment and tags tell of a video stream.
import { Fault } from '../../contract/fault.ts';

export interface StreamHeader {
  /** As stored, before any rotation. */
  width: number;
  height: number;
  /** Width of one pixel by its height. */
  pixelAspect: number;
  /** 0 where unknown or variable. */
  fps: number;
  /** Degrees clockwise that the picture is turned for showing. */
  rotation: 0 | 90 | 180 | 270;
  /** Where the stream begins in the container's own time: a recording may be cut out of a day. Seconds. */
  startS: number;
  /** Of this stream alone, in seconds; null where the container does not say. */
  durationS: number | null;
}

/** The largest picture that H.265 has a level for (ITU-T H.265 table A.8, level 7); 8K has 33 million pixels. */
const mostPixels = 80_216_064;
const longestSide = 16_384;

export const emptyHeader: StreamHeader = {
  width: 0,
  height: 0,
  pixelAspect: 1,
  fps: 0,
  rotation: 0,
  startS: 0,
  durationS: null,
};

export function readCaps(header: StreamHeader, text: string): StreamHeader {
  return {
    ...header,
    width: Number(/width=\(int\)(\d+)/.exec(text)?.[1] ?? 0),
    height: Number(/height=\(int\)(\d+)/.exec(text)?.[1] ?? 0),
    pixelAspect: readFraction(/pixel-aspect-ratio=\(fraction\)(\d+\/\d+)/.exec(text)?.[1]) || 1,
    fps: readFraction(/framerate=\(fraction\)(\d+\/\d+)/.exec(text)?.[1]),
  };
}

/** Decoders make room for many pictures of the size that a header claims, whatever it is. Throws Fault source-undecodable. */
export function refuseHuge({ width, height }: Pick<StreamHeader, 'width' | 'height'>, what = 'video'): void {
  if (width * height <= mostPixels && Math.max(width, height) <= longestSide) return;
  throw new Fault(
    'source-undecodable',
    `The ${what} claims to have ${width} × ${height} pixels; at most ${longestSide} a side and 80 million in all are decoded.`,
  );
}

/** The segment of an edit list is bounded to this stream's own length, and tells what is shown before it. */
export function readSegment(header: StreamHeader, text: string): StreamHeader {
  const start = nanoseconds(text, 'start');
  const stop = nanoseconds(text, 'stop') ?? nanoseconds(text, 'duration');
  if (start === null) return header;
  const known = { ...header, startS: start / 1e9 };
  if (stop === null || stop <= start) return known;
  return { ...known, durationS: ((nanoseconds(text, 'time') ?? 0) + stop - start) / 1e9 };
}

export function readTags(header: StreamHeader, text: string): StreamHeader {
  const plain = text.replaceAll('\\', '');
  // image-orientation: rotate-N or flip-rotate-N; a mirrored picture keeps the same size.
  const degrees = Number(/image-orientation=\(string\)(?:flip-)?rotate-(\d+)/.exec(plain)?.[1] ?? header.rotation);
  const rotation = ([0, 90, 180, 270] as const).find((known) => known === degrees) ?? 0;
  // Matroska writers note each track's end in a tag; the container's own duration is that of the longest track.
  const end = /"?DURATION=(\d+):(\d+):(\d+(?:\.\d+)?)/.exec(plain);
  if (!end) return { ...header, rotation };
  const endS = Number(end[1]) * 3600 + Number(end[2]) * 60 + Number(end[3]);
  // Some writers note the length instead, which a late start does not add to.
  return { ...header, rotation, durationS: endS > header.startS ? endS - header.startS : endS };
}

/** `30000/1001` as a number; 0 for anything else. */
export function readFraction(text: string | undefined): number {
  const [above, below] = (text ?? '').split('/').map(Number);
  return above !== undefined && below !== undefined && below > 0 ? above / below : 0;
}

/** Null for GStreamer's "none", which is all ones. */
function nanoseconds(text: string, field: string): number | null {
  const value = new RegExp(`\\b${field}=\\(guint64\\)(\\d+)`).exec(text)?.[1];
  return value === undefined || value === '18446744073709551615' ? null : Number(value);
}
