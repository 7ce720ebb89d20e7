// The processes below another one, as Linux tells of them in /proc: who they are, what they took, whether they are gone.
import { readFileSync } from 'node:fs';
import { tree } from '../../support/process-tree.ts';

export interface Process {
  readonly pid: number;
  /** Clock ticks since the machine started: with the id, a name that is never used again. */
  readonly born: string;
  /** The most memory that it held in RAM until now. */
  readonly peakMb: number;
}

/** Everything that `pid` started, directly or not; those that are just leaving are left out. */
export function descendants(pid: number): Process[] {
  const [, ...below] = tree(pid);
  return below.flatMap((child) => look(child) ?? []);
}

export function isAlive({ pid, born }: Process): boolean {
  return look(pid)?.born === born;
}

function look(pid: number): Process | null {
  // The second field is the program's name, which may hold anything; the 22nd is the time of birth.
  const stat = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  const peak = /VmHWM:\s*(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  if (stat?.[0] === 'Z' || peak === undefined) return null;
  return { pid, born: stat?.[19] ?? '', peakMb: Number(peak) / 1024 };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // it has left
  }
}
