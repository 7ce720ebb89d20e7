// The orientation that a camera notes in EXIF: how a stored picture is to be turned for showing.

/** As EXIF counts them (CIPA DC-008 §4.6.5, tag 274): 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Turn {
  /** Degrees clockwise; a mirrored picture is mirrored left to right before it is turned. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** GStreamer's name for it, as videoflip's video-direction. */
  readonly direction: 'identity' | 'horiz' | '180' | 'vert' | 'ul-lr' | '90r' | 'ur-ll' | '90l';
}

export const turns: Readonly<Record<Orientation, Turn>> = {
  1: { rotation: 0, direction: 'identity' },
  2: { rotation: 0, direction: 'horiz' },
  3: { rotation: 180, direction: '180' },
  4: { rotation: 180, direction: 'vert' },
  5: { rotation: 270, direction: 'ul-lr' },
  6: { rotation: 90, direction: '90r' },
  7: { rotation: 90, direction: 'ur-ll' },
  8: { rotation: 270, direction: '90l' },
};

const orientationTag = 0x0112;
const shortType = 3;

/** Of an EXIF block, which is a TIFF file (TIFF 6.0 §2). 1 where it says nothing, or nothing sensible. */
export function readOrientation(tiff: Buffer): Orientation {
  if (tiff.length < 8) return 1;
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return 1;
  const short = (at: number) => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = order === 'II' ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return 1;
  const entries = Math.min(short(directory), Math.floor((tiff.length - directory - 2) / 12));
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * 12;
    if (short(at) !== orientationTag || short(at + 2) !== shortType) continue;
    const value = short(at + 8);
    return isOrientation(value) ? value : 1;
  }
  return 1;
}

function isOrientation(value: number): value is Orientation {
  return value in turns;
}
