// `vedette doctor`: every check with its remedy.
import { availableParallelism, totalmem } from 'node:os';
import { check } from './checks.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import type { Finding } from './finding.ts';

const marks = { good: ' ok ', bad: 'FAIL', doubtful: 'note' } as const satisfies Record<Finding['verdict'], string>;

/** Prints what it finds; returns the exit code. */
export async function doctor(environment: Environment): Promise<number> {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(1);
  print(`${process.platform}-${process.arch}, ${availableParallelism()} cores, ${gigabytes} GB of memory`);
  let failed = 0;
  for await (const finding of check(environment)) {
    print(`${marks[finding.verdict]} ${finding.subject}: ${finding.found}`);
    if (finding.remedy !== undefined) print(`      → ${finding.remedy}`);
    if (finding.verdict === 'bad') failed += 1;
  }
  print(failed === 0 ? 'Nothing is wrong.' : `${failed} ${failed === 1 ? 'thing is' : 'things are'} wrong.`);
  return failed === 0 ? exitCodes.ok : exitCodes.failed;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
