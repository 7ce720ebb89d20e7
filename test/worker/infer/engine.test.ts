import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enginePlace, findEngine } from '../../../appliance/worker/infer/engine.ts';
import { readMachine } from '../../../appliance/worker/infer/machine.ts';
import { loadRuntime } from '../../../appliance/worker/infer/runtime.ts';
import { planTensorrt } from '../../../appliance/worker/infer/tensorrt.ts';
import { tempFolder, tensorrtBinding } from './bindings.ts';

const sha256 = 'ab'.repeat(32);
const orin = { gpu: 'NVIDIA Jetson Orin Nano Developer Kit', tensorrt: '10.3.0' };

function file(path: string, text = ''): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** A folder with a model, and what lies beside it. */
function modelFolder(beside: Readonly<Record<string, string>> = {}) {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(beside)) file(join(folder, name), text);
  return { path: join(folder, 'line.onnx'), sha256 };
}

describe('the machine', () => {
  it('is a Jetson by its device tree, and knows its TensorRT by the file that the links lead to', async () => {
    const root = tempFolder();
    file(join(root, 'proc/device-tree/model'), `${orin.gpu}\0`);
    file(join(root, 'usr/lib/aarch64-linux-gnu/libnvinfer.so.10.3.0'));
    symlinkSync('libnvinfer.so.10.3.0', join(root, 'usr/lib/aarch64-linux-gnu/libnvinfer.so.10'));
    expect(await readMachine(root)).toEqual(orin);
  });

  it("is told by the driver on a desktop, and finds TensorRT where the loader's list says", async () => {
    const root = tempFolder();
    file(
      join(root, 'proc/driver/nvidia/gpus/0000:01:00.0/information'),
      'Model: \t\t NVIDIA GeForce RTX 3060\nIRQ:   \t\t 153\n',
    );
    file(join(root, 'opt/nvidia/lib/libnvinfer.so.10.16.1'));
    symlinkSync('libnvinfer.so.10.16.1', join(root, 'opt/nvidia/lib/libnvinfer.so.10'));
    file(join(root, 'etc/ld.so.cache'), 'glibc-ld.so.cache1.1\0libnvinfer.so.10\0/opt/nvidia/lib/libnvinfer.so.10\0');
    expect(await readMachine(root)).toEqual({ gpu: 'NVIDIA GeForce RTX 3060', tensorrt: '10.16.1' });
  });

  it('has neither where there is neither', async () => {
    const root = tempFolder();
    file(join(root, 'proc/device-tree/model'), 'Raspberry Pi 5 Model B\0');
    expect(await readMachine(root)).toEqual({ gpu: null, tensorrt: null });
  });
});

describe('an engine', () => {
  it('is found in the folder of engines by the weights, the GPU and the version of TensorRT', async () => {
    const folder = tempFolder();
    const place = enginePlace(sha256, orin) ?? '';
    expect(place).toBe('abababababababab/nvidia-jetson-orin-nano-developer-kit-10.3.0');
    file(join(folder, place, 'line_ctx.onnx'));
    const wish = { model: modelFolder(), folder, machine: orin };
    expect(await findEngine(wish)).toEqual({ path: join(folder, place, 'line_ctx.onnx') });
    const updated = { gpu: orin.gpu, tensorrt: '10.16.1' };
    expect(await findEngine({ ...wish, machine: updated })).toMatchObject({
      path: null,
      reason: expect.stringContaining('there are engines for nvidia-jetson-orin-nano-developer-kit-10.3.0') as string,
    });
    expect(await findEngine({ ...wish, model: { ...wish.model, sha256: 'cd'.repeat(32) } })).toMatchObject({
      path: null,
    });
  });

  it('is found beside the model by what lies with it', async () => {
    const label = JSON.stringify({ model_sha256: sha256, gpu: orin.gpu, tensorrt: '10.3.0.30' });
    const model = modelFolder({ 'line_ctx.onnx': '', 'line_ctx.json': label });
    const path = join(dirname(model.path), 'line_ctx.onnx');
    expect(await findEngine({ model, folder: null, machine: orin })).toEqual({ path });
  });

  it.each([
    ['other weights', { model_sha256: 'cd'.repeat(32), gpu: orin.gpu, tensorrt: '10.3.0' }, /other weights/],
    [
      'another GPU',
      { model_sha256: sha256, gpu: 'NVIDIA H100', tensorrt: '10.3.0' },
      /NVIDIA H100, and this is NVIDIA Jets/,
    ],
    [
      'another TensorRT',
      { model_sha256: sha256, gpu: orin.gpu, tensorrt: '10.9.0' },
      /10\.9\.0, and 10\.3\.0 is installed/,
    ],
    ['who knows what', { model_sha256: sha256 }, /does not say what it was made for: line_ctx\.json/],
  ])('is not taken when it was made for %s', async (_, label, reason) => {
    const model = modelFolder({ 'line_ctx.onnx': '', 'line_ctx.json': JSON.stringify(label) });
    const found = await findEngine({ model, folder: null, machine: orin });
    expect(found).toMatchObject({ path: null, reason: expect.stringMatching(reason) as string });
  });

  it('is of no use without a GPU', async () => {
    const found = await findEngine({ model: modelFolder(), folder: null, machine: { gpu: null, tensorrt: null } });
    expect(found).toEqual({ path: null, reason: 'no NVIDIA GPU and no TensorRT was found on this machine' });
  });
});

describe('TensorRT', () => {
  const options = { trt_fp16_enable: '1' };

  it('is given an engine that fits, whatever the binding', async () => {
    const engines = tempFolder();
    const path = join(engines, enginePlace(sha256, orin) ?? '', 'line_ctx.onnx');
    file(path);
    const runtime = loadRuntime(tensorrtBinding({ patched: false }));
    const settings = { tensorrtOptions: {}, engines };
    const plan = await planTensorrt({ runtime, settings, model: modelFolder(), machine: orin });
    expect(plan).toEqual({ kind: 'engine', path });
  });

  it('is refused without an engine, since every worker would build one, and says where one belongs', async () => {
    const engines = tempFolder();
    const runtime = loadRuntime(tensorrtBinding({ patched: false }));
    const settings = { tensorrtOptions: {}, engines };
    const plan = await planTensorrt({ runtime, settings, model: modelFolder(), machine: orin });
    expect(plan).toMatchObject({
      kind: 'refused',
      refusal: { provider: 'tensorrt', reason: expect.stringContaining('no engine was made ahead') as string },
    });
    const remedy = plan.kind === 'refused' ? plan.refusal.remedy : '';
    expect(remedy).toContain('engines/abababababababab/nvidia-jetson-orin-nano-developer-kit-10.3.0');
    expect(remedy).not.toContain(engines);
  });

  it('is given options and a cache of its own for the model by a binding that passes them on', async () => {
    const engines = tempFolder();
    const runtime = loadRuntime(tensorrtBinding({ patched: true }));
    const settings = { tensorrtOptions: options, engines };
    const plan = await planTensorrt({ runtime, settings, model: modelFolder(), machine: orin });
    const cache = join(engines, 'abababababababab/cache');
    expect(plan).toEqual({
      kind: 'options',
      options: { trt_engine_cache_enable: '1', trt_engine_cache_path: cache, ...options },
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('is refused when options are set and the binding drops them', async () => {
    const runtime = loadRuntime(tensorrtBinding({ patched: false }));
    const settings = { tensorrtOptions: options, engines: tempFolder() };
    const plan = await planTensorrt({ runtime, settings, model: modelFolder(), machine: orin });
    expect(plan).toMatchObject({
      kind: 'refused',
      refusal: { reason: expect.stringContaining('passes none on') as string },
    });
  });
});
