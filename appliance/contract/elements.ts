// GStreamer elements that the pipelines name, or that decodebin picks for the most common videos, each with its Debian package.

export const gstreamerElements = {
  filesrc: 'libgstreamer1.0-0',
  identity: 'libgstreamer1.0-0',
  queue: 'libgstreamer1.0-0',
  tee: 'libgstreamer1.0-0',
  fakesink: 'libgstreamer1.0-0',
  decodebin: 'gstreamer1.0-plugins-base',
  videoscale: 'gstreamer1.0-plugins-base',
  videoconvert: 'gstreamer1.0-plugins-base',
  appsink: 'gstreamer1.0-plugins-base',
  appsrc: 'gstreamer1.0-plugins-base',
  videoflip: 'gstreamer1.0-plugins-good',
  pngdec: 'gstreamer1.0-plugins-good',
  jpegdec: 'gstreamer1.0-plugins-good',
  jpegenc: 'gstreamer1.0-plugins-good',
  qtdemux: 'gstreamer1.0-plugins-good',
  matroskademux: 'gstreamer1.0-plugins-good',
  gdppay: 'gstreamer1.0-plugins-bad',
  pngparse: 'gstreamer1.0-plugins-bad',
  jpegparse: 'gstreamer1.0-plugins-bad',
  h264parse: 'gstreamer1.0-plugins-bad',
  avdec_h264: 'gstreamer1.0-libav',
} as const satisfies Readonly<Record<string, string>>;

/**
 * Encoders of H.264, best first: a job that asks for an annotated video needs one of them, others need none. The package
 * of x264enc is the one that every machine can have.
 */
export const encoderElements = {
  nvv4l2h264enc: 'nvidia-l4t-gstreamer',
  vah264enc: 'gstreamer1.0-plugins-bad',
  x264enc: 'gstreamer1.0-plugins-ugly',
  openh264enc: 'gstreamer1.0-plugins-bad',
} as const satisfies Readonly<Record<string, string>>;

/** What sound passes that an MP4 cannot carry widely; without them an annotated video has no sound. */
export const soundElements = {
  audioconvert: 'gstreamer1.0-plugins-base',
  audioresample: 'gstreamer1.0-plugins-base',
  aacparse: 'gstreamer1.0-plugins-good',
  avenc_aac: 'gstreamer1.0-libav',
} as const satisfies Readonly<Record<string, string>>;
