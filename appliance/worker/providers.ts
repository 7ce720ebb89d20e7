// Prints, as JSON, which providers of the ladder would run on this machine, and why the others would not: `vedette doctor` asks.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Fault } from '../contract/fault.ts';
import { type ProviderAnswer, ProviderQuestion } from '../contract/runtime.ts';
import { readMachine } from './infer/machine.ts';
import { loadRuntime } from './infer/runtime.ts';
import { planTensorrt } from './infer/tensorrt.ts';
import { tryProviders } from './infer/trial.ts';

const question = ProviderQuestion.parse(JSON.parse(process.argv[2] ?? ''));
process.stdout.write(`${JSON.stringify(await answer(question))}\n`);

async function answer({ providers, runtime: settings, model: path }: ProviderQuestion): Promise<ProviderAnswer> {
  try {
    const runtime = loadRuntime(settings.binding);
    const tensorrt = async () => {
      const model = { path, sha256: await sha256(path) };
      return planTensorrt({ runtime, settings, model, machine: await readMachine() });
    };
    return { runtime: runtime.info, ladder: await tryProviders(runtime, providers, tensorrt) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { fault: error.message };
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
