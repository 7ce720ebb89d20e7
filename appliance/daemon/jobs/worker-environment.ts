// What a worker is told of the daemon's environment: what libraries need, and nothing that is a secret.

type Environment = Readonly<Record<string, string | undefined>>;

const passed = new Set(['PATH', 'LANG', 'TZ', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'NODE_ENV', 'LD_LIBRARY_PATH']);
/** Of locales, GStreamer, CUDA and TensorRT, OpenMP, ONNX Runtime, graphics and video drivers. */
const passedPrefixes = /^(LC|GST|ORC|CUDA|NVIDIA|TENSORRT|OMP|ORT|LIBVA|VDPAU|MESA|VK|EGL)_/;

// eslint-disable-next-line no-restricted-properties -- passed on in part; no setting of the daemon's is read here
export function workerEnvironment(environment: Environment = process.env): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (passed.has(name) || passedPrefixes.test(name))) own[name] = value;
  }
  // GStreamer's binding holds a pool thread for each bus and each sink that is waited on, seven where a video is annotated
  // and looked at; with the default of four, file access would starve.
  return { ...own, UV_THREADPOOL_SIZE: '12' };
}
