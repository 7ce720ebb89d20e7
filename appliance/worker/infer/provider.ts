// The provider ladder: the first ONNX Runtime provider that really runs the model, and why the ones before it did not.
import type { InferenceSession } from 'onnxruntime-node';
import { Fault } from '../../contract/fault.ts';
import type { Provider, Refusal } from '../../contract/frame.ts';
import { libraryFault } from './libraries.ts';
import { absent, explain } from './remedies.ts';
import { firstLine, type Runtime } from './runtime.ts';
import { Session } from './session.ts';
import type { TensorrtPlan } from './tensorrt.ts';

export interface Climb {
  readonly runtime: Runtime;
  /** The network for this provider: a file, or the bytes of a rewritten one. Not asked for a TensorRT engine. */
  readonly model: (provider: Provider) => string | Uint8Array;
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Asked where the ladder comes to TensorRT, and the build has it. */
  readonly tensorrt: () => Promise<TensorrtPlan>;
  /** Runs the network once: a provider that is listed, and even loads, may still fail at its first inference. */
  readonly warmUp: (session: Session) => Promise<void>;
}

export interface Rung {
  readonly session: Session;
  readonly provider: Provider;
  readonly refused: readonly Refusal[];
}

/**
 * Each provider is tried alone, since ONNX Runtime throws where one cannot load even with another behind it, and drops
 * one that it does not know without a word. Throws Fault model-invalid where even the CPU cannot run the model,
 * provider-unavailable where no provider of the ladder runs and the CPU was not among them.
 */
export async function climb({ providers, ...wish }: Climb): Promise<Rung> {
  const refused: Refusal[] = [];
  for (const provider of providers) {
    const { session, refusal } = await tryProvider(provider, wish);
    if (session !== null) return { session, provider, refused };
    refused.push(refusal);
  }
  const reasons = refused.map(({ provider, reason, remedy }) => `${provider}: ${reason} (${remedy})`).join('; ');
  throw new Fault(
    'provider-unavailable',
    `No provider of the configured ladder runs here. ${reasons}. Add cpu to the ladder, or do what is said.`,
  );
}

type Tried =
  { readonly session: Session; readonly refusal: null } | { readonly session: null; readonly refusal: Refusal };

/** One rung. Throws Fault model-invalid where the CPU cannot run the model, and what the warm-up finds wrong with it. */
export async function tryProvider(provider: Provider, wish: Omit<Climb, 'providers'>): Promise<Tried> {
  const { runtime, model, threads, tensorrt, warmUp } = wish;
  if (!runtime.info.backends.includes(provider)) {
    return { session: null, refusal: absent(provider, runtime.info.source) };
  }
  const plan = provider === 'tensorrt' ? await tensorrt() : null;
  if (plan?.kind === 'refused') return { session: null, refusal: plan.refusal };
  // A session that cannot open costs every worker 80 ms; the loader says the same at once.
  const missing = provider === 'cuda' ? libraryFault(runtime.folder, 'cuda') : null;
  if (missing !== null) return { session: null, refusal: explain(provider, missing) };
  try {
    const network = plan?.kind === 'engine' ? plan.path : model(provider);
    const options = sessionOptions(executionProviders(runtime, provider, plan), threads);
    const session = await Session.open({ folder: runtime.folder, model: network, options });
    await warmUp(session).catch(async (cause: unknown) => {
      await session.close();
      throw cause;
    });
    return { session, refusal: null };
  } catch (cause) {
    // What does not fit of an engine is no fault of the model.
    if (cause instanceof Fault && plan?.kind !== 'engine') throw cause;
    if (provider === 'cpu') {
      throw new Fault('model-invalid', `ONNX Runtime cannot run the model: ${firstLine(cause)}`, { cause });
    }
    return { session: null, refusal: explain(provider, whatFailed(runtime, provider, cause)) };
  }
}

/** The text that says most: of the system's loader, where ONNX Runtime tells only that a library does not load. */
function whatFailed(runtime: Runtime, provider: Provider, cause: unknown): string {
  const text = firstLine(cause);
  const closed = /Failed to load (shared )?library/i.test(text);
  return (closed && (provider === 'cuda' || provider === 'tensorrt') && libraryFault(runtime.folder, provider)) || text;
}

/** What TensorRT cannot take of a network is left to CUDA, as its documentation advises; an engine was made of all of it. */
function executionProviders(
  { info }: Runtime,
  provider: Provider,
  plan: TensorrtPlan | null,
): InferenceSession.ExecutionProviderConfig[] {
  if (plan?.kind !== 'options') return [provider];
  return [{ name: 'tensorrt', ...plan.options }, ...(info.backends.includes('cuda') ? ['cuda'] : [])];
}

function sessionOptions(
  executionProviders: readonly InferenceSession.ExecutionProviderConfig[],
  threads: number,
): InferenceSession.SessionOptions {
  return {
    executionProviders,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Threads that spin while they wait take the cores from the decoder: two were three times slower than one.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
