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
  videoflip: 'gstreamer1.0-plugins-good',
  pngdec: 'gstreamer1.0-plugins-good',
  jpegdec: 'gstreamer1.0-plugins-good',
  qtdemux: 'gstreamer1.0-plugins-good',
  matroskademux: 'gstreamer1.0-plugins-good',
  gdppay: 'gstreamer1.0-plugins-bad',
  pngparse: 'gstreamer1.0-plugins-bad',
  jpegparse: 'gstreamer1.0-plugins-bad',
  h264parse: 'gstreamer1.0-plugins-bad',
  avdec_h264: 'gstreamer1.0-libav',
} as const satisfies Readonly<Record<string, string>>;
