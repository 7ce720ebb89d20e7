// What GStreamer's text forms of caps, segment and tags tell of a video stream.

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
  /** Of this stream alone, in seconds; null where the container does not say. */
  durationS: number | null;
}

export const emptyHeader: StreamHeader = {
  width: 0,
  height: 0,
  pixelAspect: 1,
  fps: 0,
  rotation: 0,
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

/** The segment of an edit list is bounded to this stream's own length. */
export function readSegment(header: StreamHeader, text: string): StreamHeader {
  const start = nanoseconds(text, 'start');
  const stop = nanoseconds(text, 'stop') ?? nanoseconds(text, 'duration');
  if (start === null || stop === null || stop <= start) return header;
  return { ...header, durationS: (stop - start) / 1e9 };
}

export function readTags(header: StreamHeader, text: string): StreamHeader {
  const plain = text.replaceAll('\\', '');
  // image-orientation: rotate-N or flip-rotate-N; a mirrored picture keeps the same size.
  const degrees = Number(/image-orientation=\(string\)(?:flip-)?rotate-(\d+)/.exec(plain)?.[1] ?? header.rotation);
  const rotation = ([0, 90, 180, 270] as const).find((known) => known === degrees) ?? 0;
  // Matroska writers note each track's end in a tag; the container's own duration is that of the longest track.
  const end = /"?DURATION=(\d+):(\d+):(\d+(?:\.\d+)?)/.exec(plain);
  const durationS = end ? Number(end[1]) * 3600 + Number(end[2]) * 60 + Number(end[3]) : header.durationS;
  return { ...header, rotation, durationS };
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
