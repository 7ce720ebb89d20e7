// Whether each provider of a ladder would run here, tried on the smallest network there is.
import type { Provider, Refusal } from '../../contract/frame.ts';
import { tryProvider } from './provider.ts';
import type { Runtime } from './runtime.ts';
import type { TensorrtPlan } from './tensorrt.ts';

/** An ONNX model, opset 13, of one Identity node: x float32 [1] to y float32 [1]. */
const smallest = Buffer.from(
  'CAhCAhANOjcKEAoBeBIBeSIISWRlbnRpdHkSAWdaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggB',
  'base64',
);

export interface Trial {
  readonly provider: Provider;
  /** Null where it runs; of TensorRT, where it has what it needs: no engine is built or loaded. */
  readonly refusal: Refusal | null;
}

export async function tryProviders(
  runtime: Runtime,
  providers: readonly Provider[],
  tensorrt: () => Promise<TensorrtPlan>,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const provider of providers) {
    const isTensorrt = provider === 'tensorrt' && runtime.info.backends.includes('tensorrt');
    const refusal = isTensorrt ? refusalOf(await tensorrt()) : await tryOne(runtime, provider, tensorrt);
    trials.push({ provider, refusal });
  }
  return trials;
}

async function tryOne(
  runtime: Runtime,
  provider: Provider,
  tensorrt: () => Promise<TensorrtPlan>,
): Promise<Refusal | null> {
  const { session, refusal } = await tryProvider(provider, {
    runtime,
    model: () => new Uint8Array(smallest),
    threads: 1,
    tensorrt,
    warmUp: async (opened) => {
      await opened.feed(null, [{ name: 'x', type: 'float32', dims: [1], data: Float32Array.of(1) }]);
      await opened.run(null);
    },
  });
  await session?.close();
  return refusal;
}

function refusalOf(plan: TensorrtPlan): Refusal | null {
  return plan.kind === 'refused' ? plan.refusal : null;
}
