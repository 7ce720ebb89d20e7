// Whether the number of threads that the worker chooses by itself is the best one, by the trials of `vedette tune`.
import { tuneThreads } from '../../appliance/cli/tune.ts';
import { atMost, type Figure, runs } from './figures.ts';

const bundled = { binding: null, tensorrtOptions: {}, engines: null };

export interface Trials {
  readonly model: string;
  readonly video: string;
  readonly frames: number;
}

/** Best ÷ default, round by round: the best is that of all rounds together, since the highest of a round is noise. */
export async function defaultThreads(name: string, { model, video, frames }: Trials): Promise<Figure> {
  const { signal } = new AbortController(); // nobody calls it off
  const onRound = (round: number) => process.stderr.write(`  round ${round}\n`);
  const { chosen, fps } = await tuneThreads(
    { model, video, frames, providers: ['cpu'], runtime: bundled, signal },
    runs,
    onRound,
  );
  const sum = (threads: number) => (fps.get(threads) ?? []).reduce((a, b) => a + b, 0);
  const best = [...fps.keys()].reduce((a, b) => (sum(b) > sum(a) ? b : a), chosen);
  const ratios = (fps.get(best) ?? []).map((found, round) => found / (fps.get(chosen)?.[round] ?? NaN));
  return atMost(`${name}: best thread setting (${best}) ÷ default (${chosen})`, ratios, 1.05, '', 3);
}
