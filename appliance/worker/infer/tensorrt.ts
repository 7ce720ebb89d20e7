// What TensorRT is given here: an engine that was made ahead, or options with a cache; else every worker would build one.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Refusal } from '../../contract/frame.ts';
import type { RuntimeSettings } from '../../contract/runtime.ts';
import { enginePlace, findEngine } from './engine.ts';
import { libraryFault } from './libraries.ts';
import type { Machine } from './machine.ts';
import { explain } from './remedies.ts';
import { firstLine, type Runtime } from './runtime.ts';

export type TensorrtPlan =
  | { readonly kind: 'engine'; readonly path: string }
  | { readonly kind: 'options'; readonly options: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface TensorrtWish {
  readonly runtime: Runtime;
  readonly settings: Pick<RuntimeSettings, 'tensorrtOptions' | 'engines'>;
  readonly model: { readonly path: string; readonly sha256: string };
  readonly machine: Machine;
}

/** For a build that lists TensorRT. A worker that builds an engine takes minutes, which is why one without a cache is refused. */
export async function planTensorrt({ runtime, settings, model, machine }: TensorrtWish): Promise<TensorrtPlan> {
  const { engines, tensorrtOptions } = settings;
  const engine = await findEngine({ model, folder: engines, machine });
  if (engine.path !== null) return { kind: 'engine', path: engine.path };

  const fault = libraryFault(runtime.folder, 'tensorrt');
  if (fault !== null) return { kind: 'refused', refusal: explain('tensorrt', fault) };
  if (Object.keys(tensorrtOptions).length === 0 || engines === null) {
    const remedy = `make one with scripts/make-engine.py (docs/jetson.md)${belongsTo(settings, model.sha256, machine)}`;
    return { kind: 'refused', refusal: { provider: 'tensorrt', reason: engine.reason, remedy } };
  }
  if (!(await passesOptions(runtime))) {
    const reason = `worker.tensorrt_options are set, but the ONNX Runtime in use (${runtime.info.source}) passes none on`;
    const remedy = 'build a binding with the patch of docs/jetson.md and name it in worker.onnxruntime';
    return { kind: 'refused', refusal: { provider: 'tensorrt', reason, remedy } };
  }
  const cache = join(engines, model.sha256.slice(0, 16), 'cache');
  try {
    await mkdir(cache, { recursive: true });
  } catch {
    // Of all workers, only the one that builds engines may write there: then it has made none yet.
    const reason = 'no engine was built yet, and this worker may not write one';
    const remedy = 'let Vedette write to the folder engines in its data folder, and restart it';
    return { kind: 'refused', refusal: { provider: 'tensorrt', reason, remedy } };
  }
  const caching = { trt_engine_cache_enable: '1', trt_engine_cache_path: cache };
  return { kind: 'options', options: { ...caching, ...tensorrtOptions } };
}

function belongsTo({ engines }: TensorrtWish['settings'], sha256: string, machine: Machine): string {
  const place = enginePlace(sha256, machine);
  return engines === null || place === null ? '' : `, or put it into ${join('engines', place)} in the data folder`;
}

const asked = 'vedette_asks';

/**
 * Whether the binding hands options to TensorRT: it then complains of one that TensorRT does not know, by its name and
 * before it looks at the model. The stock binding reads nothing but `deviceId`, and complains of the model.
 * https://github.com/microsoft/onnxruntime/blob/main/js/node/src/session_options_helper.cc
 */
async function passesOptions({ InferenceSession }: Runtime): Promise<boolean> {
  const provider: { name: 'tensorrt' } = { name: 'tensorrt', ...{ [asked]: '1' } };
  try {
    await InferenceSession.create(new Uint8Array([0]), { executionProviders: [provider] });
    return false;
  } catch (error) {
    return firstLine(error).includes(asked);
  }
}
