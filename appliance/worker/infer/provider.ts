// The provider ladder: the first ONNX Runtime provider that really runs the model, and why the ones before it did not.
import { env, InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import { Fault } from '../../contract/fault.ts';
import type { Provider } from '../../contract/frame.ts';

export interface Refusal {
  readonly provider: Provider;
  readonly reason: string;
}

export interface Climb {
  readonly path: string;
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Runs the network once: a provider that is listed, and even loads, may still fail at its first inference. */
  readonly warmUp: (session: InferenceSession) => Promise<void>;
}

export interface Rung {
  readonly session: InferenceSession;
  readonly provider: Provider;
  readonly refused: readonly Refusal[];
}

/**
 * Each provider is tried alone, since ONNX Runtime throws where one cannot load even with another behind it, and drops
 * one that it does not know without a word. Throws Fault model-invalid where even the CPU cannot run the model,
 * provider-unavailable where no provider of the ladder runs and the CPU was not among them.
 */
export async function climb({ path, providers, threads, warmUp }: Climb): Promise<Rung> {
  // It also prints every refusal in red, though it throws the same text.
  env.logLevel = 'fatal';
  const supported = new Set(listSupportedBackends().map((backend) => backend.name));
  const refused: Refusal[] = [];
  for (const provider of providers) {
    if (!supported.has(provider)) {
      refused.push({ provider, reason: `this build of ONNX Runtime has no ${provider}` });
      continue;
    }
    try {
      const session = await InferenceSession.create(path, options(provider, threads));
      await warmUp(session);
      return { session, provider, refused };
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      const reason = firstLine(cause);
      if (provider === 'cpu') {
        throw new Fault('model-invalid', `ONNX Runtime cannot run the model: ${reason}`, { cause });
      }
      refused.push({ provider, reason });
    }
  }
  const reasons = refused.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ');
  throw new Fault(
    'provider-unavailable',
    `No provider of the configured ladder runs here (${reasons}). Add cpu to the ladder, or install what is missing.`,
  );
}

function options(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Threads that spin while they wait take the cores from the decoder: two were three times slower than one.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return (text.split('\n', 1)[0] ?? '').slice(0, 300);
}
