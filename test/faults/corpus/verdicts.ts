// How the special files have to end, as `how says`; a file that is not among them only has to end with a reason.

/** Completed without a warning, and with every frame. */
export const sound = /^completed $/;

export const verdicts: Readonly<Record<string, RegExp>> = {
  'variable rate.mp4': sound,
  'turned.mp4': sound,
  'not square.mp4': sound,
  'odd size.mp4': sound,
  'one pixel.mkv': sound,
  'one pixel.mp4': sound,
  'one line.mkv': sound,
  'interlaced.ts': sound,
  'late start.mkv': sound,
  'late start.ts': sound,
  'one frame.mp4': sound,
  'mpeg.mpg': sound,
  'theora.ogv': sound,
  'no rate.avi': sound,
  '8k.mp4': sound,
  'ten hours.mkv': sound,
  'sound only.mp4': /^failed The file has no video stream/,
  'sound only.mkv': /^failed The file has no video stream/,
  'sound only.ts': /^failed The file has no video stream/,
  'cover art only.mp4': /^failed The file has no video stream/,
  'cover art only.mkv': /^failed The file has no video stream/,
  'encrypted.mp4': /^failed The video is encrypted/,
  'unknown codec.mp4': /^failed This machine has no decoder for the video's codec, zzzz/,
  '8k header.mp4': /^failed .*no frame/,
  '16k picture.avi': /^failed .*16384 × 16384 pixels/,
  'first 83 bytes.mp4': /^failed .*cut off before its index/,
  'picture.mp4': /^refused .*begins with ff d8/,
  'text.mp4': /^refused .*plain wo/,
  'nothing.mp4': /^refused .*empty/,
  'zip bomb.mp4': /^refused .*50 4b 03 04/,
  'packed index.mov': /^failed /,
  'packed index, a lie.mov': /^failed /,
  'packed frames.mkv': /^failed /,
  'elements in elements.mkv': /^(failed|completed) /,
  'somewhere else.mov': /^failed The file only points to another one/,
};

/** Those that the quick run leaves out: alike another one, or long. */
export const leftOut: ReadonlySet<string> = new Set([
  ...[
    '8k.mp4',
    'one pixel.mkv',
    'one line.mkv',
    'interlaced.ts',
    'late start.ts',
    'mpeg.mpg',
    'theora.ogv',
    'two sizes.ts',
  ],
  ...['sound only.mkv', 'sound only.ts', 'cover art only.mkv', 'ten hours.mkv', 'no clock.mp4', 'endless times.mp4'],
  ...[
    'endless chunks.mp4',
    '64k picture.avi',
    '64k picture.webm',
    '16k picture.avi',
    '16k picture.webm',
    'half an ogg.ogv',
  ],
  ...['half an mpg.mpg', 'noise.mp4', 'zip bomb behind a head.mp4', 'packed index, a lie.mov', 'index of nothing.mp4'],
  ...['elements in elements.mkv', 'variable rate.mp4', 'turned.mp4', 'not square.mp4', 'odd size.mp4', 'one frame.mp4'],
]);
