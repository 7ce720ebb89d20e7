// Which processes stand under another one, and whether they are still there.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';

/** Itself, its children, and theirs. */
export function tree(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(tree)];
  } catch {
    return [pid]; // it left while it was looked at
  }
}

/** Milliseconds until none of them is there but as a corpse that nobody has buried; rejects after `limitMs`. */
export async function untilGone(pids: readonly number[], limitMs = 5000): Promise<number> {
  const from = performance.now();
  for (;;) {
    const left = pids.filter(lives);
    const ms = performance.now() - from;
    if (left.length === 0) return ms;
    if (ms > limitMs) throw new Error(`still there after ${limitMs} ms: ${left.join(', ')}`);
    await pass(5); // the kernel tells nobody but a parent
  }
}

/** One that has ended and that nobody has asked for yet does not count. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\t[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // not listed any more
  }
}
