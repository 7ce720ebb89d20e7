// `vedette tune`: which number of threads a model runs fastest with on this machine, by trying them.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Provider } from '../contract/frame.ts';
import type { TuneCommand } from './arguments.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { demoVideo } from './installation.ts';
import { Interrupt, Interrupted } from './interrupt.ts';
import { runTrial, type Trial, TrialFailed } from './trial.ts';

export interface Tuning {
  /** What the worker chooses by itself. */
  readonly chosen: number;
  readonly provider: Provider;
  /** Frames a second of each round, by the number of threads; in rising order. */
  readonly fps: ReadonlyMap<number, readonly number[]>;
}

/** Less is not worth a setting, nor safe to tell from noise. */
const worthIt = 1.05;
const rounds = 3;

/** Prints a table, and the setting that would be faster; returns the exit code. */
export async function tune(command: TuneCommand, { modelFile, providers, runtime }: Environment): Promise<number> {
  const model = command.model === undefined ? modelFile : join(dirname(modelFile), `${command.model}.onnx`);
  const video = command.video === undefined ? demoVideo : resolve(command.video);
  for (const file of [model, video]) {
    if (existsSync(file)) continue;
    process.stderr.write(`vedette: ${file} is not there\n`);
    return exitCodes.failed;
  }
  const interrupt = new Interrupt(() => process.exit(exitCodes.interrupted));
  try {
    const { signal } = interrupt;
    const onRound = (round: number) => process.stderr.write(`round ${round} of ${rounds} …\n`);
    const trial = { model, providers, runtime, video, frames: command.frames, signal };
    const tuning = await tuneThreads(trial, rounds, onRound);
    process.stdout.write(describe(basename(model, '.onnx'), tuning));
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof Interrupted) return exitCodes.interrupted;
    if (!(error instanceof TrialFailed)) throw error;
    process.stderr.write(`vedette: ${error.message}\n`);
    return exitCodes.failed;
  } finally {
    interrupt.close();
  }
}

/** Round by round, so that whatever else the machine does hits every setting. Throws as runTrial does. */
export async function tuneThreads(
  trial: Omit<Trial, 'threads'>,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Tuning> {
  onRound(1);
  // It also reads the model and the video into the page cache; it is not counted.
  const { threads: chosen, provider } = await runTrial({ ...trial, threads: null });
  const fps = new Map<number, number[]>(candidates(availableParallelism(), chosen).map((threads) => [threads, []]));
  for (let round = 1; round <= rounds; round++) {
    if (round > 1) onRound(round);
    for (const [threads, found] of fps) found.push((await runTrial({ ...trial, threads })).fps);
  }
  return { chosen, provider, fps };
}

/** All of a small machine's, and fewer of a large one's, where neighbours hardly differ. */
export function candidates(cores: number, chosen: number): number[] {
  const some = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64].filter((threads) => threads < cores);
  return [...new Set([...some, cores, chosen])].sort((a, b) => a - b);
}

/** The table, and what to do about it. */
export function describe(model: string, { chosen, provider, fps }: Tuning): string {
  const medians = new Map([...fps].map(([threads, found]) => [threads, median(found)]));
  const [best = chosen] = [...medians].sort(([, a], [, b]) => b - a)[0] ?? [];
  const gain = (medians.get(best) ?? NaN) / (medians.get(chosen) ?? NaN);
  const rows = [...fps].map(([threads, found]) => {
    const range = `(${Math.min(...found).toFixed(1)}..${Math.max(...found).toFixed(1)})`;
    const fps = median(found).toFixed(1).padStart(9);
    return `${String(threads).padStart(7)} ${fps}  ${range}${threads === chosen ? '  the default' : ''}`;
  });
  const advice =
    gain < worthIt
      ? ['The default is within 5 % of the best: there is nothing to set.']
      : [
          `${threadsOf(best)} is ${Math.round((gain - 1) * 100)} % faster than the default. In vedette.yaml:`,
          '',
          'model:',
          `  threads: ${best}`,
        ];
  const counted = [...fps.values()][0]?.length ?? 0;
  return [
    `${model} on ${provider}; frames a second, medians of ${counted} (lowest..highest)`,
    '',
    'threads    frames/s',
    ...rows,
    '',
    ...advice,
    '',
  ].join('\n');
}

function threadsOf(count: number): string {
  return count === 1 ? 'One thread' : `A setting of ${count} threads`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
