// A worker under somebody else's control, or one that takes too much: what it cannot reach, and that nothing of it stays.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { type Isolation, isolate } from '../../appliance/daemon/jobs/isolation.ts';
import { type Report, WorkerProcess } from '../../appliance/daemon/jobs/worker-process.ts';
import { startDaemon } from '../support/daemon.ts';
import { tree, untilGone } from '../support/process-tree.ts';
import { tempData } from '../support/temp-data.ts';
import type { Loot, Temptation } from '../support/workers/prober.ts';
import { recordFault } from './table.ts';
import { everything } from '../support/everything.ts';
import { detectingWork } from '../support/work.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const log = pino({ level: 'silent' });
const megabyte = 2 ** 20;

/** A data folder with a database and two jobs, and the isolation that this machine gives for it. */
async function openHouse(mode: 'auto' | 'off' = 'auto') {
  const data = tempData();
  const jobs = join(data, 'jobs');
  for (const job of ['mine', 'other']) mkdirSync(join(jobs, job), { recursive: true });
  writeFileSync(join(jobs, 'other', jobFiles.input), 'not for you');
  writeFileSync(join(data, 'vedette.db'), 'nor this');
  const isolation = await isolate({ mode, data, jobs, root, models: [], secrets: [], log });
  return { data, jobs, isolation };
}

/** Skips, loudly, where bubblewrap cannot work. */
function requireBubblewrap({ by, remedy }: Isolation, { skip }: TestContext): void {
  if (by !== 'bubblewrap') skip(`no bubblewrap here: ${remedy ?? ''}`);
}

/** A worker at its job, with the paths that it was given. */
async function putToWork(
  { data, jobs, isolation }: Awaited<ReturnType<typeof openHouse>>,
  act: Temptation['act'],
  { port = 1, memoryBytes = 4096 * megabyte } = {},
) {
  const [database, otherInput] = [join(data, 'vedette.db'), join(jobs, 'other', jobFiles.input)];
  const temptation: Temptation = { act, port, daemonPid: process.pid, database, otherInput };
  writeFileSync(join(jobs, 'mine', jobFiles.input), JSON.stringify(temptation));
  const worker = new WorkerProcess({
    entry: new URL('../support/workers/prober.ts', import.meta.url),
    prepare: { type: 'prepare', model: { name: 'prober', path: '/nowhere' }, providers: ['cpu'], threads: 1 },
    readyMs: 20_000,
    graceMs: 200,
    confinement: isolation.confinement,
    memoryBytes,
    log,
  });
  onTestFinished(async () => {
    worker.kill();
    await worker.gone;
  });
  await worker.ready;
  const entrance = await worker.enter(join(jobs, 'mine'));
  const said = new Promise<Report>((resolve) => worker.onReport(resolve));
  worker.send({
    type: 'start',
    jobId: 'mine',
    ...detectingWork,
    detection: everything(),
    stallMs: 1000,
    mayJump: false,
    ...entrance,
  });
  return { worker, said };
}

async function plunder(mode: 'auto' | 'off', context: TestContext) {
  const house = await openHouse(mode);
  if (mode === 'auto') requireBubblewrap(house.isolation, context);
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { worker, said } = await putToWork(house, 'probe', { port });
  const done = await said;
  expect((await worker.gone).how).toBe('exit code 0');
  const loot = JSON.parse(done.type === 'done' ? (done.warnings[0] ?? '') : '{}') as Loot;
  return { loot, written: readFileSync(join(house.jobs, 'mine', jobFiles.frames), 'utf8') };
}

test('a confined worker reaches its input to read, its artifact to write, and nothing else', async (context) => {
  const { loot, written } = await plunder('auto', context);
  expect(written, 'stands in the folder of the job').toBe('written');
  expect(loot).toMatchObject({
    artifact: 'open',
    input: 'EROFS',
    program: 'EROFS',
    database: 'ENOENT',
    otherInput: 'ENOENT',
    tcp: 'ECONNREFUSED',
    daemonEnvironment: 'ENOENT',
    daemonSignal: 'ESRCH',
    interfaces: ['lo'],
    noNewPrivs: '1',
    capabilities: '0000000000000000',
  });
  expect(loot.variables.filter((name) => /VEDETTE|KEY|SECRET|TOKEN/.test(name))).toEqual([]);
  recordFault({ fault: 'hostile decoder reaches out', tried: 8, jobsLost: 0, framesWrong: 0, recoveryMs: null });
});

test('the same worker unconfined reaches all of it, so the probe can tell', async (context) => {
  const open = ['artifact', 'database', 'otherInput', 'tcp', 'daemonEnvironment', 'daemonSignal', 'input'] as const;
  const { loot } = await plunder('off', context);
  expect(open.map((name) => loot[name])).toEqual(open.map(() => 'open'));
});

test('the signal that ended a confined worker is told as such', async (context) => {
  const house = await openHouse();
  requireBubblewrap(house.isolation, context);
  const { worker } = await putToWork(house, 'crash');
  expect(await worker.gone).toEqual({ how: 'signal SIGSEGV', memory: null });
});

test('a confined worker that hears no message is aborted, and the next one takes its place', async (context) => {
  const house = await openHouse();
  requireBubblewrap(house.isolation, context);
  const { worker, said } = await putToWork(house, 'block');
  await said;
  const pids = tree(worker.pid ?? 0);
  expect(pids.length).toBeGreaterThan(2);
  await worker.end(100);
  expect(await worker.gone).toEqual({ how: 'signal SIGABRT', memory: null });
  await untilGone(pids);
  const next = await putToWork(house, 'crash');
  expect((await next.worker.gone).how).toBe('signal SIGSEGV');
});

test('nothing of a confined worker outlives a SIGKILL of its monitor', async (context) => {
  const house = await openHouse();
  requireBubblewrap(house.isolation, context);
  const { worker, said } = await putToWork(house, 'block');
  await said;
  const pids = tree(worker.pid ?? 0);
  process.kill(worker.pid ?? 0, 'SIGKILL');
  expect((await worker.gone).how).toBe('signal SIGKILL');
  await untilGone(pids);
});

test.each(['auto', 'off'] as const)(
  'a worker that takes too much memory is ended for it (isolation %s)',
  async (mode) => {
    const allowed = 400 * megabyte;
    const { worker } = await putToWork(await openHouse(mode), 'hog', { memoryBytes: allowed });
    const from = performance.now();
    const { how, memory } = await worker.gone;
    const recoveryMs = Math.round(performance.now() - from);
    expect(how).toBe('signal SIGKILL');
    expect(memory?.allowed).toBe(allowed);
    expect(memory?.used).toBeGreaterThan(allowed);
    expect(memory?.used).toBeLessThan(4 * allowed);
    recordFault({ fault: 'worker over its memory', tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs });
  },
);

test('nothing of the workers outlives a SIGKILL of the daemon', async (context) => {
  const daemon = await startDaemon();
  const { by } = await daemon.logged('worker isolation');
  if (by !== 'bubblewrap') return context.skip('no bubblewrap here');
  await daemon.logged('ready for jobs');
  const pids = tree(daemon.child.pid ?? 0);
  expect(pids.length).toBeGreaterThan(3);
  const worker =
    pids.find((pid) => /^[^\0]*node\0.*worker\/main/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) ?? 0;
  expect(readFileSync(`/proc/${worker}/status`, 'utf8')).toMatch(/^NoNewPrivs:\t1$/m);
  await expect.poll(() => readFileSync(`/proc/${worker}/oom_score_adj`, 'utf8').trim()).toBe('500');
  daemon.child.kill('SIGKILL');
  const recoveryMs = Math.round(await untilGone(pids));
  recordFault({ fault: 'daemon killed, its sandboxes with it', tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs });
});
