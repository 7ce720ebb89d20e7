// The database destroyed under a real daemon, and daemons killed while they write.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { ClientToServerEvents, ServerToClientEvents } from '../../appliance/contract/events.ts';
import { inspect } from '../../appliance/daemon/record/inspect.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { backed, filled, overwrite } from '../record/filled.ts';
import { startDaemon } from '../support/daemon.ts';
import { makeJob } from '../support/job.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { tempData } from '../support/temp-data.ts';
import { recordFault, whole } from './table.ts';

vi.setConfig({ testTimeout: whole ? 600_000 : 120_000 });

const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => Math.floor(Math.random() * 256)));

const damages: Readonly<Record<string, (database: string) => void>> = {
  'a destroyed header': (file) => overwrite(file, 0, noise(100)),
  'zeros where its middle was': (file) => overwrite(file, 4096 * 20, Buffer.alloc(4096 * 10)),
  'noise where its middle was': (file) => overwrite(file, 4096 * 20, noise(4096 * 10)),
  'half of it': (file) => truncateSync(file, 4096 * 20 + 77),
  'nothing in it': (file) => truncateSync(file, 0),
  'noise in it': (file) => writeFileSync(file, noise(300_000)),
  'a text in it': (file) => writeFileSync(file, 'Lorem ipsum dolor sit amet. '.repeat(5000)),
  'its tables gone': (file) => overwrite(file, 100, Buffer.alloc(3900)),
  'a log that is noise, too': (file) => {
    overwrite(file, 16, noise(2000));
    writeFileSync(`${file}-wal`, noise(50_000));
  },
  'no file': (file) => rmSync(file),
};
const quick = ['noise where its middle was', 'no file'];

const restored = { tried: 0, jobsLost: 0, recoveryMs: 0 };
afterAll(() => {
  if (restored.tried === 0) return;
  recordFault({ fault: 'database damaged, emptied or deleted; restored from the backup', framesWrong: 0, ...restored });
});

test.each(whole ? Object.keys(damages) : quick)(
  'with %s the daemon starts on the newest backup, and says so',
  async (kind) => {
    const data = filled(300);
    const backup = await backed(data);
    damages[kind]?.(data.database);
    const damaged = kind === 'no file' ? null : readFileSync(data.database);

    const began = performance.now();
    const daemon = await startDaemon({ folder: data.folder });
    const listed = new Set(await listIds(daemon.url));
    restored.recoveryMs = Math.max(restored.recoveryMs, Math.round(performance.now() - began));
    restored.tried += 1;
    restored.jobsLost += data.added.filter(({ id }) => !listed.has(id)).length;
    expect(listed).toEqual(new Set(data.added.map(({ id }) => id)));

    const aside = readdirSync(data.folder).filter((name) => /^vedette\.db\.corrupt-[^-]*$/.test(name));
    expect(aside.map((name) => readFileSync(join(data.folder, name)))).toEqual(damaged ? [damaged] : []);
    expect(readdirSync(data.backups)).toHaveLength(1);
    const { state, reasons } = await systemOf(daemon.url);
    expect(state).toBe('degraded');
    const [name = 'was missing'] = aside;
    expect(reasons.join()).toContain(name);
    expect(reasons.join()).toContain(backup.slice(data.backups.length + 1));
    expect(await daemon.logged('database was lost')).toMatchObject({ level: 50, restored: backup });
    expect(await daemon.stop()).toBe(0);
  },
);

test('a daemon that is killed while it takes in jobs has every job that it acknowledged', async () => {
  const folder = tempData();
  const config = join(folder, 'vedette.yaml');
  writeFileSync(config, 'jobs: { queue: 100000 }\nauth: open\n');
  const env = { VEDETTE_CONFIG: config };
  const rounds = whole ? 20 : 2;
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const daemon = await startDaemon({ folder, env });
    const ended = once(daemon.child, 'exit');
    const before = acknowledged.length;
    const clients = Array.from({ length: 4 }, () => submitUntilGone(daemon.url, acknowledged));
    await Promise.race([
      expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before),
      ...clients,
    ]);
    await setTimeout(Math.random() * 300); // the moment of the kill is what varies
    daemon.child.kill('SIGKILL');
    await Promise.all([ended, ...clients]);
  }
  const began = performance.now();
  const daemon = await startDaemon({ folder, env });
  const recoveryMs = Math.round(performance.now() - began);
  const listed = new Set(await listIds(daemon.url));
  const lost = acknowledged.filter((id) => !listed.has(id));
  recordFault({
    fault: 'daemon killed while jobs come in',
    tried: rounds,
    jobsLost: lost.length,
    framesWrong: 0,
    recoveryMs,
  });
  expect(acknowledged.length).toBeGreaterThan(rounds);
  expect(lost).toEqual([]);
  expect((await systemOf(daemon.url)).reasons.filter((reason) => reason.includes('database'))).toEqual([]);
  daemon.child.kill('SIGKILL');
  await once(daemon.child, 'exit');
  expect(await inspect(join(folder, 'vedette.db'))).toMatchObject({ state: 'sound' });
});

test('rows that were acknowledged outlive a writer that is killed at any moment', async () => {
  const file = join(tempData(), 'vedette.db');
  const rounds = whole ? 150 : 3;
  const told = new Map<string, string>();
  let recoveryMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    await writeUntilKilled(file, told);
    const began = performance.now();
    expect(await inspect(file)).toMatchObject({ state: 'sound' });
    recoveryMs = Math.max(recoveryMs, Math.round(performance.now() - began));
  }
  const database = openDatabase(file, migrations);
  const store = new JobStore(database);
  const wrong = [...told].filter(([id, status]) => {
    const job = store.get(id);
    return job === undefined || (status === 'completed' && job.status !== 'completed');
  });
  database.close();
  recordFault({ fault: 'database writer killed', tried: rounds, jobsLost: wrong.length, framesWrong: 0, recoveryMs });
  expect(told.size).toBeGreaterThan(rounds);
  expect(wrong).toEqual([]);
});

/** Prints each row after it was written; killed after a while. `told`: the last status that was printed, by id. */
async function writeUntilKilled(file: string, told: Map<string, string>): Promise<void> {
  const code = `
    const { openDatabase } = await import('./appliance/daemon/record/database.ts');
    const { JobStore } = await import('./appliance/daemon/record/job-store.ts');
    const store = new JobStore(openDatabase(process.argv[1], 'migrations'));
    const base = JSON.parse(process.argv[2]);
    for (let n = 0; ; n += 1) {
      const job = { ...base, id: crypto.randomUUID() };
      store.insert(job);
      console.log(job.id, 'running');
      for (let progress = 5; progress < 100; progress += 5) store.saveProgress({ ...job, progress });
      store.save({ ...job, status: 'completed', progress: 100, completedAt: Date.now() });
      console.log(job.id, 'completed');
    }`;
  const writer = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', code, file, JSON.stringify(makeJob())],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void writer.kill('SIGKILL'));
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    const [, id, status] = /^(\S{36}) (running|completed)$/.exec(line) ?? []; // the last line may be cut
    if (id !== undefined && status !== undefined) told.set(id, status);
  });
  await once(lines, 'line');
  await setTimeout(Math.random() * 100); // the moment of the kill is what varies
  writer.kill('SIGKILL');
  await once(lines, 'close');
}

class Refused extends Error {}

/** One after another; ends when the daemon no longer answers. */
async function submitUntilGone(url: string, acknowledged: string[]): Promise<void> {
  const video = Buffer.concat([Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 'latin1'), Buffer.alloc(59)]);
  for (;;) {
    const form = new FormData();
    form.append('file', new Blob([video]), 'tiny.mp4');
    try {
      const answer = await fetch(`${url}/v1/video/submit?plugin_id=yolo-tracker&tool=detect`, {
        method: 'POST',
        body: form,
      });
      const body = await answer.text();
      if (!answer.ok) throw new Refused(`${answer.status}: ${body}`);
      acknowledged.push(z.object({ job_id: z.string() }).parse(JSON.parse(body)).job_id);
    } catch (error) {
      if (error instanceof Refused) throw error;
      return; // killed: this submit was never acknowledged, or only half
    }
  }
}

async function listIds(url: string): Promise<string[]> {
  const Page = z.object({ jobs: z.array(z.object({ job_id: z.string() })), count: z.number() });
  const ids: string[] = [];
  for (;;) {
    const answer = await fetch(`${url}/v1/jobs?limit=100&skip=${ids.length}`);
    const page = Page.parse(await answer.json());
    ids.push(...page.jobs.map(({ job_id }) => job_id));
    if (page.jobs.length === 0) return ids;
  }
}

/** What the kiosk is told of the appliance when it connects. */
async function systemOf(url: string) {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { transports: ['websocket'] });
  onTestFinished(() => void socket.disconnect());
  const snapshot = await socket.emitWithAck('watch', { all: true });
  if ('error' in snapshot) throw new Error(snapshot.error);
  socket.disconnect();
  return snapshot.system;
}
