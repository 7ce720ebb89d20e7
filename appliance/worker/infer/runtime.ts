// ONNX Runtime as this worker loads it: the one that comes with Vedette, or a binding that the user built.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Ort from 'onnxruntime-node';
import { Fault } from '../../contract/fault.ts';
import type { RuntimeInfo } from '../../contract/runtime.ts';

type Module = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'listSupportedBackends' | 'env'>;

/** A tensor must be of the module that its session is of. */
export interface Runtime extends Pick<Module, 'InferenceSession' | 'Tensor'> {
  readonly info: RuntimeInfo;
  /** Of the package; its libraries lie in it. */
  readonly folder: string;
}

/**
 * `binding`: a package folder, null for the bundled one. Throws Fault config-invalid where the named one cannot be
 * loaded, since running on another than was asked for would be silent; provider-unavailable where the bundled one cannot.
 */
export function loadRuntime(binding: string | null): Runtime {
  const { folder, module } = load(binding);
  if (!isOnnxRuntime(module)) throw unloadable(binding, 'it is no onnxruntime-node package');
  // It also prints every refusal in red, though it throws the same text.
  module.env.logLevel = 'fatal';
  const { InferenceSession, Tensor, listSupportedBackends, env } = module;
  const version = env.versions.node ?? env.versions.common;
  const backends = listSupportedBackends().map(({ name }) => name);
  return {
    InferenceSession,
    Tensor,
    folder,
    info: { version, source: binding === null ? 'bundled' : 'user-built', backends },
  };
}

function load(binding: string | null): { readonly folder: string; readonly module: unknown } {
  const require = createRequire(import.meta.url);
  try {
    const folder = binding ?? dirname(require.resolve('onnxruntime-node/package.json'));
    return { folder, module: require(folder) };
  } catch (cause) {
    throw unloadable(binding, firstLine(cause), cause);
  }
}

function unloadable(binding: string | null, reason: string, cause?: unknown): Fault {
  if (binding === null) {
    const remedy = 'Run scripts/setup; after a change of Node, npm ci.';
    return new Fault('provider-unavailable', `ONNX Runtime cannot be loaded: ${reason}. ${remedy}`, { cause });
  }
  return new Fault(
    'config-invalid',
    `worker.onnxruntime: ${binding} cannot be loaded: ${reason}. ` +
      'Name the folder of a built onnxruntime-node package whose dependencies are installed (docs/jetson.md).',
    { cause },
  );
}

function isOnnxRuntime(module: unknown): module is Module {
  if (typeof module !== 'object' || module === null) return false;
  const { InferenceSession, Tensor, listSupportedBackends, env } = module as Partial<Record<keyof Module, unknown>>;
  const functions = [InferenceSession, Tensor, listSupportedBackends].every((part) => typeof part === 'function');
  return functions && typeof env === 'object' && env !== null && 'versions' in env;
}

/** Of what was thrown; ONNX Runtime's texts run over many lines. */
export function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return (text.split('\n', 1)[0] ?? '').slice(0, 300).replace(/\.$/, '');
}
