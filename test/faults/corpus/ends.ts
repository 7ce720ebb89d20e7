// How the jobs of hostile files ended, and the table of it.
import type { HostileFile } from './corpus.ts';

export interface End {
  readonly file: HostileFile;
  /** `refused`: at the submit, by the magic bytes. `unended`: not within the time that is allowed. */
  readonly how: 'completed' | 'failed' | 'refused' | 'unended';
  /** Reason or warnings. */
  readonly says: string;
  /** In the result; 0 without one. */
  readonly frames: number;
  readonly ms: number;
}

/** A table of mutations by containers, the special files one by one, and every reason with its number. */
export function describeEnds(ends: readonly End[]): string {
  const mutated = ends.filter(({ file }) => file.container !== 'special');
  const special = ends.filter(({ file }) => file.container === 'special');
  const containers = unique(mutated.map(({ file }) => file.container));
  const cell = (mutation: string, container: string) => {
    const here = mutated.filter(({ file }) => file.mutation === mutation && file.container === container);
    const count = (outcome: string) => here.filter((end) => outcomeOf(end) === outcome).length;
    return here.length === 0 ? '' : outcomes.map(count).join(' ');
  };
  const rows = unique(mutated.map(({ file }) => file.mutation)).map(
    (mutation) => `| ${[mutation, ...containers.map((container) => cell(mutation, container))].join(' | ')} |`,
  );
  const says = ends.map((end) => `${end.how}: ${end.says.replace(/\d+(\.\d+)?/g, 'N')}`);
  const counted = unique(says).map((text) => ({ text, times: says.filter((other) => other === text).length }));
  const stuck = ends.filter(({ how, says: text }) => how === 'unended' || /crashed|Nothing came out/.test(text));
  const slowest = [...ends].sort((a, b) => b.ms - a.ms).slice(0, 10);
  return [
    `\n| ${outcomes.join(', ')} | ${containers.join(' | ')} |`,
    `|---|${containers.map(() => '---|').join('')}`,
    ...rows,
    '',
    ...special.map(({ file, how, says: text, ms }) => `${file.name}: ${how} ${seconds(ms)} ${text}`),
    '',
    ...counted.sort((a, b) => b.times - a.times).map(({ text, times }) => `${times} × ${text}`),
    '',
    ...stuck.map(({ file, says: text }) => `crash or stall: ${file.name}: ${text}`),
    ...slowest.map(({ file, ms, says: text }) => `${seconds(ms)} ${file.name}: ${text}`),
  ].join('\n');
}

const outcomes = ['sound', 'with warning', 'failed', 'refused', 'unended'] as const;

function outcomeOf({ how, says }: End): (typeof outcomes)[number] {
  if (how !== 'completed') return how;
  return says === '' ? 'sound' : 'with warning';
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
