// The doctor's look at the provider ladder: a program of the worker's tries each, since the command line loads no native code.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ProviderAnswer, type ProviderQuestion } from '../contract/runtime.ts';
import type { Environment } from './environment.ts';
import type { Finding } from './finding.ts';
import { providersEntry } from './installation.ts';

const execute = promisify(execFile);
const subject = 'Providers';

/** One finding for ONNX Runtime, and one for each provider of the ladder. Only a ladder of which nothing runs is bad. */
export async function* providers(environment: Environment): AsyncGenerator<Finding> {
  const answer = await ask(environment);
  if ('fault' in answer) {
    yield { subject, verdict: 'bad', found: answer.fault };
    return;
  }
  const { runtime, ladder } = answer;
  const first = ladder.find(({ refusal }) => refusal === null)?.provider;
  const inUse = `ONNX Runtime ${runtime.version} (${runtime.source})`;
  if (first === undefined) {
    const remedy = 'add cpu to model.providers, or do what is said below';
    yield { subject, verdict: 'bad', found: `${inUse}: none of the ladder runs`, remedy };
  } else {
    yield { subject, verdict: 'good', found: `${inUse} runs models on ${first}` };
  }
  for (const { provider, refusal } of ladder) {
    // What comes behind the one in use is not missed.
    if (provider === first) return;
    if (refusal !== null)
      yield { subject: provider, verdict: 'doubtful', found: refusal.reason, remedy: refusal.remedy };
  }
}

/** A library that does not fit may take its process with it: then that is the answer. */
async function ask({ providers, runtime, modelFile }: Environment): Promise<ProviderAnswer> {
  const question: ProviderQuestion = { providers: [...providers], runtime, model: modelFile };
  try {
    const program = [...process.execArgv, providersEntry, JSON.stringify(question)];
    const { stdout } = await execute(process.execPath, program, { timeout: 30_000 });
    return ProviderAnswer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    const { signal, message } = error as { signal?: string | null; message: string };
    const how = signal ? `signal ${signal}` : (message.split('\n', 1)[0] ?? '');
    return { fault: `the providers cannot be tried: ${how}` };
  }
}
