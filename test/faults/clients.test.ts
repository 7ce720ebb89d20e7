// Live clients that stop reading, many at once: the daemon's memory, its event loop and the other clients do not notice.
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { Crowd } from './crowd-process.ts';
import { recordFault, whole } from './table.ts';
import { Visitor } from './visitor.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const crowd = whole ? { all: 2000, stalled: 200, pairs: 3 } : { all: 300, stalled: 30, pairs: 1 };
const flooding = 5;
const megabyte = 1024 * 1024;

test(`${crowd.all} live clients, ${crowd.stalled} of which do not read, cost the others nothing and the daemon little`, async () => {
  const { url } = await startDaemon();
  const visitor = new Visitor(url);
  const clients = new Crowd();
  onTestFinished(() => clients.leave());
  await clients.order({ kind: 'open', url, clients: crowd.all });
  const readers = crowd.all - crowd.stalled;
  /** One job; `stalled` clients do not read from before it starts until after its end. */
  const look = async (stalled: number) => {
    await clients.order({ kind: 'measure' });
    await clients.order({ kind: 'stall', clients: stalled });
    await visitor.metric('vedette_event_loop_delay_p99_seconds'); // starts anew
    const ms = await visitor.run(sample);
    const loopMs = (await visitor.metric('vedette_event_loop_delay_p99_seconds')) * 1000;
    const rss = (await visitor.metric('process_resident_memory_bytes')) / megabyte;
    const seen = await clients.report(readers);
    await clients.order({ kind: 'read' });
    return { ...seen, ms, loopMs, rss };
  };
  const [reading, stalling] = [[await look(0)], [await look(crowd.stalled)]];
  for (let pair = 1; pair < crowd.pairs; pair++) {
    reading.push(await look(0));
    stalling.push(await look(crowd.stalled));
  }
  for (const [name, looks] of Object.entries({ reading, stalling })) {
    for (const { p50, p99, ms, loopMs, rss, messages } of looks) {
      const figures = `p50 ${p50} ms, p99 ${p99} ms, ${messages} messages, job ${ms} ms, event loop p99 ${loopMs.toFixed(1)} ms, RSS ${rss.toFixed(0)} MiB`;
      process.stdout.write(`${crowd.all} clients, ${name}: ${figures}\n`);
    }
  }
  for (const seen of [...reading, ...stalling]) expect(seen.connected).toBe(crowd.all);
  for (const seen of stalling) expect(seen.completed).toBeGreaterThanOrEqual(readers);
  const slower = Math.min(...stalling.map(({ p99 }) => p99)) / Math.min(...reading.map(({ p99 }) => p99));
  // one pair says only that nothing hangs
  expect(slower).toBeLessThan(whole ? 1.5 : 10);
  const grown = Math.max(...stalling.map(({ rss }) => rss)) - Math.min(...reading.map(({ rss }) => rss));
  expect(grown).toBeLessThan(100);
  const fault = `${crowd.stalled} of ${crowd.all} live clients do not read`;
  recordFault({ fault, tried: crowd.pairs, jobsLost: 0, framesWrong: 0, recoveryMs: null });
}, 300_000);

test('live clients that ask and ask are cut at once, and find a snapshot when they are back', async () => {
  const { url } = await startDaemon();
  const visitor = new Visitor(url);
  const clients = new Crowd();
  onTestFinished(() => clients.leave());
  await clients.order({ kind: 'open', url, clients: flooding });
  await visitor.metric('vedette_event_loop_delay_p99_seconds'); // starts anew
  await clients.order({ kind: 'flood', clients: flooding });
  const loopMs = (await visitor.metric('vedette_event_loop_delay_p99_seconds')) * 1000;
  expect(await visitor.metric('vedette_live_clients_cut_total')).toBe(flooding);
  const begun = performance.now();
  await clients.order({ kind: 'return' });
  const recoveryMs = performance.now() - begun;
  expect((await clients.report(flooding)).connected).toBe(flooding);
  process.stdout.write(`${flooding} clients that ask without end: event loop p99 ${loopMs.toFixed(1)} ms\n`);
  recordFault({ fault: 'live clients ask without end', tried: flooding, jobsLost: 0, framesWrong: 0, recoveryMs });
}, 60_000);
