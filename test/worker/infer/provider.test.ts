import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../../appliance/contract/frame.ts';
import { libraryFault } from '../../../appliance/worker/infer/libraries.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { climb } from '../../../appliance/worker/infer/provider.ts';
import { explain } from '../../../appliance/worker/infer/remedies.ts';
import { loadRuntime } from '../../../appliance/worker/infer/runtime.ts';
import { tryProviders } from '../../../appliance/worker/infer/trial.ts';
import { movedBinding, sessionsOf, tempFolder, tensorrtBinding } from './bindings.ts';

const demo = fileURLToPath(new URL('../../../models/demo.onnx', import.meta.url));
const nothing = { provider: 'tensorrt', reason: 'not wanted', remedy: 'none' } as const;
const cc = 'cc';
const compiles = (() => {
  try {
    return execFileSync(cc, ['--version']).length > 0;
  } catch {
    return false; // there is none
  }
})();

function climbHere(binding: string | null, providers: readonly Provider[]) {
  const runtime = loadRuntime(binding);
  return climb({
    runtime,
    model: () => demo,
    providers,
    threads: 1,
    tensorrt: () => Promise.resolve({ kind: 'refused', refusal: nothing }),
    warmUp: () => Promise.resolve(),
  });
}

describe('the ladder', () => {
  it('goes on to the CPU where nothing else is installed, and says of each what is missing and what helps', async () => {
    const { provider, refused } = await climbHere(movedBinding(), ['tensorrt', 'cuda', 'cpu']);
    expect(provider).toBe('cpu');
    expect(refused.map((refusal) => refusal.provider)).toEqual(['tensorrt', 'cuda']);
    for (const { reason, remedy } of refused) {
      expect(reason).not.toBe('');
      expect(remedy).not.toBe('');
    }
    // Where the stock build has CUDA at all, its libraries come by a download of their own.
    if (process.arch === 'x64') expect(refused[1]?.reason).toContain('libonnxruntime_providers_cuda.so');
  });

  it('names the provider that cannot run when the CPU is not on it', async () => {
    await expect(climbHere(movedBinding(), ['cuda'])).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('cuda: ') as string,
    });
  });

  it('takes a provider that loads and fails at its first inference for one that does not run', async () => {
    let first = true;
    const { provider, refused } = await climb({
      runtime: loadRuntime(tensorrtBinding({ patched: true })),
      model: () => demo,
      providers: ['tensorrt', 'cpu'],
      threads: 1,
      tensorrt: () => Promise.resolve({ kind: 'options', options: { trt_fp16_enable: '1' } }),
      warmUp: () => {
        if (!first) return Promise.resolve();
        first = false;
        return Promise.reject(new Error('CUDA failure 209: no kernel image is available for execution on the device'));
      },
    });
    expect(provider).toBe('cpu');
    expect(refused[0]).toMatchObject({ provider: 'tensorrt', reason: expect.stringContaining('this GPU') as string });
  });

  it('gives TensorRT its options and leaves the rest of the network to CUDA', async () => {
    const binding = tensorrtBinding({ patched: true });
    const options = { trt_fp16_enable: '1' };
    const runtime = loadRuntime(binding);
    const rung = await climb({
      runtime,
      model: () => demo,
      providers: ['tensorrt', 'cpu'],
      threads: 1,
      tensorrt: () => Promise.resolve({ kind: 'options', options }),
      warmUp: () => Promise.resolve(),
    });
    expect(rung.provider).toBe('tensorrt');
    const behind = runtime.info.backends.includes('cuda') ? ['cuda'] : [];
    expect(sessionsOf(binding)).toEqual([{ model: demo, providers: [{ name: 'tensorrt', ...options }, ...behind] }]);
  });

  it('loads an engine that was made ahead in place of the model', async () => {
    const binding = tensorrtBinding({ patched: false });
    const rung = await climb({
      runtime: loadRuntime(binding),
      model: () => '/nowhere.onnx',
      providers: ['tensorrt', 'cpu'],
      threads: 1,
      tensorrt: () => Promise.resolve({ kind: 'engine', path: demo }),
      warmUp: () => Promise.resolve(),
    });
    expect(rung.provider).toBe('tensorrt');
    expect(sessionsOf(binding)).toEqual([{ model: demo, providers: ['tensorrt'] }]);
  });

  it('is tried for the doctor without the model', async () => {
    const runtime = loadRuntime(movedBinding());
    const trials = await tryProviders(runtime, ['tensorrt', 'cuda', 'cpu'], () =>
      Promise.resolve({ kind: 'refused', refusal: nothing }),
    );
    expect(trials.map(({ provider, refusal }) => [provider, refusal === null])).toEqual([
      ['tensorrt', false],
      ['cuda', false],
      ['cpu', true],
    ]);
  });
});

describe('a binding that the user built', () => {
  it('runs the model, with the tensors of its own module', async () => {
    const binding = movedBinding();
    const runtime = loadRuntime(binding);
    expect(runtime.info).toMatchObject({ source: 'user-built', version: expect.stringMatching(/^\d+\.\d+/) as string });
    expect(runtime.info.backends).toContain('cpu');
    const model = await Model.load({ name: 'demo', path: demo, providers: ['cpu'], threads: 1, runtime });
    expect(model.card.provider).toBe('cpu');
  });

  it('is a mistake in the settings where it cannot be loaded', () => {
    expect(() => loadRuntime('/nowhere/onnxruntime-node')).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringContaining('worker.onnxruntime: /nowhere/onnxruntime-node') as string,
      }),
    );
  });

  it('is a mistake in the settings where it is something else', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'index.js'), 'module.exports = {};');
    expect(() => loadRuntime(folder)).toThrow(/no onnxruntime-node package/);
  });
});

describe('a remedy', () => {
  it.each([
    ['libcudnn.so.9: cannot open shared object file: No such file or directory', /cudnn\.so\.9/, /libcudnn9-cuda-12/],
    ['libcublasLt.so.12: cannot open shared object file: No such file', /libcublasLt\.so\.12/, /cuda-libraries/],
    ['libnvinfer.so.10: cannot open shared object file: No such file', /libnvinfer\.so\.10/, /libnvinfer10 /],
    ['libcuda.so.1: cannot open shared object file: No such file', /driver/, /nvidia-smi/],
    ['CUDA failure 100: no CUDA-capable device is detected ; GPU=-1', /no NVIDIA GPU/, /video and render/],
    ['CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version', /older/, /update the driver/],
    ['CUDA failure 209: no kernel image is available for execution on the device', /this GPU/, /ARCHITECTURES/],
    ["/lib/libm.so.6: version `GLIBC_2.38' not found (required by x.so)", /GLIBC_2.38/, /on this system/],
  ])('is known for %s', (text, reason, remedy) => {
    const refusal = explain('cuda', text);
    expect(refusal.reason).toMatch(reason);
    expect(refusal.remedy).toMatch(remedy);
  });

  it('is given in general for a text that nobody has seen', () => {
    expect(explain('webgpu', '/opt/vendor/libmoon.so: the moon is full')).toMatchObject({
      reason: 'libmoon.so: the moon is full',
      remedy: expect.stringContaining('model.providers') as string,
    });
  });

  it.skipIf(!compiles)('names the library that the loader misses (needs cc)', () => {
    const folder = tempFolder();
    const place = join(folder, 'bin/napi-v6', process.platform, process.arch);
    mkdirSync(place, { recursive: true });
    const path = (name: string) => join(place, name);
    writeFileSync(path('a.c'), 'int cudnnCreate(void) { return 0; }');
    writeFileSync(path('b.c'), 'int cudnnCreate(void); int use(void) { return cudnnCreate(); }');
    execFileSync(cc, ['-shared', '-fPIC', '-Wl,-soname,libcudnn.so.9', '-o', path('libcudnn.so.9'), path('a.c')]);
    execFileSync(cc, ['-shared', '-fPIC', '-o', path('libonnxruntime_providers_shared.so'), path('a.c')]);
    const needy = path('libonnxruntime_providers_cuda.so');
    execFileSync(cc, ['-shared', '-fPIC', '-o', needy, path('b.c'), path('libcudnn.so.9')]);
    rmSync(path('libcudnn.so.9'));
    const text = libraryFault(folder, 'cuda') ?? '';
    expect(explain('cuda', text).reason).toBe('libcudnn.so.9 is missing');
  });
});
