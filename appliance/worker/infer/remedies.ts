// What the texts of loaders, drivers and ONNX Runtime mean, and what helps.
import type { Provider, Refusal } from '../../contract/frame.ts';
import type { RuntimeInfo } from '../../contract/runtime.ts';

interface Known {
  readonly text: RegExp;
  readonly reason: (...groups: readonly string[]) => string;
  readonly remedy: (...groups: readonly string[]) => string;
}

const known = [
  {
    text: /libonnxruntime_providers_(\w+)\.so is not in the package/,
    reason: (part) => `the ${part} part of ONNX Runtime is not installed (libonnxruntime_providers_${part}.so)`,
    remedy: () =>
      'on x86, ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node; for a binding of your own, copy it from the build (docs/jetson.md)',
  },
  {
    text: /(libcudnn\w*\.so\.(\d+)): cannot open/,
    reason: (library) => `${library} is missing`,
    remedy: (_, version) => `install cuDNN ${version}, such as sudo apt-get install libcudnn${version}-cuda-12`,
  },
  {
    text: /(lib(?:nvinfer|nvonnxparser)\w*\.so\.(\d+)): cannot open/,
    reason: (library) => `${library} is missing`,
    remedy: (_, version) =>
      `install TensorRT ${version}: sudo apt-get install libnvinfer${version} libnvinfer-plugin${version} libnvonnxparsers${version}`,
  },
  {
    text: /(libcuda\.so\.\d+): cannot open/,
    reason: (library) => `the NVIDIA driver is not installed (${library} is missing)`,
    remedy: () => "install the GPU's driver, so that nvidia-smi shows the GPU; on a Jetson it comes with JetPack",
  },
  {
    text: /(lib(?:cu\w+|nv\w+)\.so\.\d+): cannot open/,
    reason: (library) => `${library} is missing`,
    remedy: () =>
      "install the libraries of the CUDA version that this ONNX Runtime was built for, such as sudo apt-get install cuda-libraries-12-6 from NVIDIA's repository",
  },
  {
    text: /(lib\S+): cannot open shared object/,
    reason: (library) => `${library} is missing`,
    remedy: () => 'install the package that holds it, and make sure that ldconfig -p lists it',
  },
  {
    text: /version [`'](\S+?)' not found/,
    reason: (version) => `this system is older than the one the binding was built on: it has no ${version}`,
    remedy: () => 'build the binding on this system (docs/jetson.md)',
  },
  {
    text: /no CUDA-capable device|CUDA failure 100\b/,
    reason: () => 'no NVIDIA GPU is visible to the worker',
    remedy: () => 'see that nvidia-smi shows one, and that the user vedette is in the groups video and render',
  },
  {
    text: /driver version is insufficient|CUDA failure 35\b/,
    reason: () => 'the NVIDIA driver is older than the CUDA version of this ONNX Runtime',
    remedy: () => 'update the driver, or use an ONNX Runtime that was built for the older CUDA',
  },
  {
    text: /no kernel image is available|NoKernelImageForDevice|CUDA failure 209\b/,
    reason: () => 'this ONNX Runtime was built without code for this GPU',
    remedy: () => 'build it with CMAKE_CUDA_ARCHITECTURES for this GPU, 87 for Jetson Orin (docs/jetson.md)',
  },
  {
    text: /out of memory|cudaErrorMemoryAllocation|CUDA failure 2\b/i,
    reason: () => 'the memory of the GPU is full',
    remedy: () => 'end other programs that use the GPU, lower jobs.running, or take a smaller model',
  },
  {
    text: /WebGPU adapter|adapter_result/,
    reason: () => 'no Vulkan driver or no GPU for it',
    remedy: () =>
      'for Intel and AMD sudo apt-get install mesa-vulkan-drivers, for NVIDIA its own driver; vulkaninfo --summary must show a GPU to the user vedette (groups video and render)',
  },
  {
    text: /deserializ|Version tag does not match|engine.{0,40}(incompatible|different (device|version))/i,
    reason: () => 'TensorRT does not take the engine: it was made for another GPU or version',
    remedy: () => 'make it anew on this machine (docs/jetson.md), or remove it',
  },
] as const satisfies readonly Known[];

/** Where a text is not known. */
const general = {
  tensorrt: 'see docs/jetson.md for what TensorRT needs, or take tensorrt out of model.providers',
  cuda: 'see docs/jetson.md for what CUDA needs, or take cuda out of model.providers',
  webgpu: 'take webgpu out of model.providers if this machine is not meant to use it',
  cpu: 'run scripts/setup',
} as const satisfies Record<Provider, string>;

/** `text`: the first line of what was thrown, or of what the system's loader says. */
export function explain(provider: Provider, text: string): Refusal {
  const rows: readonly Known[] = known;
  for (const row of rows) {
    const groups = row.text.exec(text)?.slice(1);
    if (groups) return { provider, reason: row.reason(...groups), remedy: row.remedy(...groups) };
  }
  return { provider, reason: withoutFolders(text), remedy: general[provider] };
}

/** Of a provider that the loaded build does not have at all. */
export function absent(provider: Provider, source: RuntimeInfo['source']): Refusal {
  if (source === 'user-built') {
    const reason = `the binding that worker.onnxruntime names was built without ${provider}`;
    return { provider, reason, remedy: `build it with ${flags[provider]} (docs/jetson.md)` };
  }
  const reason = `the ONNX Runtime that comes with Vedette has no ${provider} on ${process.platform} ${process.arch}`;
  const remedy =
    provider === 'webgpu'
      ? 'take webgpu out of model.providers'
      : `build onnxruntime-node with ${flags[provider]} and name it in worker.onnxruntime (docs/jetson.md)`;
  return { provider, reason, remedy };
}

/** Clients see reasons, and folders are none of their business. */
function withoutFolders(text: string): string {
  return text.replace(/(?:\/[^\s:'"/]+)*\/([^\s:'"/]+)/g, '$1');
}

const flags = {
  tensorrt: '--use_tensorrt',
  cuda: '--use_cuda',
  webgpu: '--use_webgpu',
  cpu: 'its defaults',
} as const satisfies Record<Provider, string>;
