// What the fault tests have seen, gathered from all their processes and printed as one table.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** One line of the table. */
export interface FaultRow {
  readonly fault: string;
  /** Times that it was done to a running Vedette. */
  readonly tried: number;
  readonly jobsLost: number;
  /** Frames that are missing from an artifact, stand there twice, or differ from those of an undisturbed run. */
  readonly framesWrong: number;
  /** Longest time until work went on or the state was right again; null where there is nothing to recover from. */
  readonly recoveryMs: number | null;
}

const file = 'node_modules/.vedette/faults.ndjson';

/** True where the long matrix was asked for, as `npm run test:faults` does. */
// eslint-disable-next-line no-restricted-properties -- a switch of the tests, no setting of the product
export const whole = process.env['VEDETTE_FAULTS'] === 'whole';

/** Called by a test when it knows. */
export function recordFault(row: FaultRow): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(row)}\n`);
}

export function forgetFaults(): void {
  rmSync(file, { force: true });
}

/** As Markdown. */
export function faultTable(): string {
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FaultRow)
    .sort((a, b) => a.fault.localeCompare(b.fault));
  return [
    '| fault | times tried | jobs lost | frames lost, doubled or changed | longest recovery |',
    '|---|--:|--:|--:|--:|',
    ...rows.map(({ fault, tried, jobsLost, framesWrong, recoveryMs }) => {
      const recovery = recoveryMs === null ? '–' : `${(recoveryMs / 1000).toFixed(2)} s`;
      return `| ${fault} | ${tried} | ${jobsLost} | ${framesWrong} | ${recovery} |`;
    }),
  ].join('\n');
}
