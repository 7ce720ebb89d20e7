// `npm run bench`: prints one table of figures and adds a line to history.jsonl. `--only TEXT` runs the parts whose name has it.
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Figure, runs, unmeasured } from './figures.ts';
import { describeCommit, describeMachine } from './machine.ts';
import { Material } from './material.ts';
import { parts } from './parts.ts';

/** Of a part: one that hangs is given up. */
const longestMs = 300_000;

const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values;
const wanted = Object.entries(parts).filter(([name]) => name.includes(only));
if (wanted.length === 0) throw new Error(`no part has '${only}' in its name: ${Object.keys(parts).join('; ')}`);
const machine = await describeMachine();
const scratch = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
const material = new Material(scratch);
const figures: Figure[] = [];
try {
  for (const [name, measure] of wanted) {
    process.stderr.write(`${name}\n`);
    const started = performance.now();
    try {
      await within(measure(material));
    } catch (error) {
      // One that cannot be measured here says why in the table, and takes no other with it.
      process.stderr.write(`  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      figures.push(unmeasured(name, error));
    }
    process.stderr.write(`  (${((performance.now() - started) / 1000).toFixed(0)} s)\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

const met = { true: 'yes', false: 'NO', null: '–' } as const;
const lines = figures.map(
  (figure) => `| ${figure.name} | ${figure.goal} | ${figure.measured} | ${met[`${figure.met}`]} |`,
);
const { cpu, cores, memoryGb, node, onnxruntime, gstreamer } = machine;
process.stdout.write(
  [
    `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ONNX Runtime ${onnxruntime}, GStreamer ${gstreamer}; medians of ${runs} (lowest..highest)`,
    '',
    '| figure | goal | measured | met |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n'),
);

const kept = figures.map(({ name, goal, met, values }) => ({ name, goal, met, values: values.map(toThree) }));
const line = { date: new Date().toISOString(), commit: await describeCommit(), only, machine, figures: kept };
await appendFile(new URL('history.jsonl', import.meta.url), `${JSON.stringify(line)}\n`);

// Nothing that hung in a part keeps the benchmark; what it started leaves with it.
process.exit();

async function within(measured: AsyncIterable<Figure>): Promise<void> {
  const inTime = new AbortController();
  const collected = (async () => {
    for await (const figure of measured) figures.push(figure);
  })();
  const late = wait(longestMs, undefined, { signal: inTime.signal }).then(() => {
    throw new Error(`not done after ${longestMs / 60_000} minutes`);
  });
  late.catch(() => undefined); // called off below, once the part is done
  try {
    await Promise.race([collected, late]);
  } finally {
    inTime.abort();
  }
}

function toThree(value: number): number {
  return Math.round(value * 1000) / 1000;
}
