// The jobs room whole, on a real database file and real forked workers that follow a script.
import { mkdirSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import { Fault } from '../../appliance/contract/fault.ts';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { type JobOptions, noJobOptions } from '../../appliance/contract/job-options.ts';
import { isFinal, type Job } from '../../appliance/contract/job.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { type Confinement, plain } from '../../appliance/daemon/jobs/confinement.ts';
import type { JobLimits } from '../../appliance/daemon/jobs/job-limits.ts';
import type { NewJob } from '../../appliance/daemon/jobs/new-job.ts';
import { Jobs } from '../../appliance/daemon/jobs/jobs.ts';
import type { Carriers } from '../../appliance/daemon/jobs/transfers.ts';
import { Lookout } from '../../appliance/daemon/jobs/lookout.ts';
import { WorkerSupply } from '../../appliance/daemon/jobs/worker-supply.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { compiledWorker } from './compiled-worker.ts';
import { tempData } from './temp-data.ts';
import type { Script } from './workers/scripted.ts';
import { everything } from './everything.ts';
import { detecting } from './work.ts';

export interface DeskOptions {
  readonly folder?: string;
  readonly limits?: Partial<JobLimits>;
  /** The one in use. Of the others, 'broken' cannot be loaded and 'gone' is not there. */
  readonly model?: string;
  readonly memoryBytes?: number;
  /** What workers are kept in; plain where left out. */
  readonly confinement?: Confinement;
  /** Who downloads and delivers; nobody where left out. */
  readonly carriers?: Carriers;
  /** False: jobs wait until `jobs.begin()`. */
  readonly begin?: boolean;
}

/** Opened, with its first spare loading; closed when the test has finished. */
export async function openDesk({
  folder = tempData(),
  limits = {},
  model = 'scripted',
  memoryBytes = Infinity,
  confinement = plain,
  begin = true,
  carriers,
}: DeskOptions = {}) {
  const log = pino({ level: 'silent' });
  const database = openDatabase(join(folder, 'vedette.db'), migrations);
  const store = new JobStore(database);
  const stream = new EventStream({ log });
  const events: ApplianceEvent[] = [];
  const waiting = new Set<() => void>();
  const faults: Fault[] = [];
  const hear = (event: ApplianceEvent) => {
    events.push(event);
    for (const check of waiting) check();
  };
  stream.on('job-changed', hear);
  stream.on('job-progressed', hear);
  stream.on('job-removed', hear);
  const workers: WorkerSupply = new WorkerSupply({
    entry: compiledWorker('scripted'),
    prepare: { type: 'prepare', model: { name: model, path: '/nowhere' }, providers: ['cpu'], threads: 1 },
    readyMs: 20_000,
    graceMs: 300,
    memoryBytes,
    confinement,
    onChange: () => {
      if (workers.fault) faults.push(workers.fault);
      if (begin && !workers.fault) jobs.begin();
    },
    log,
  });
  const lookout = new Lookout({ stream, log });
  const allowed = { running: 1, queue: 10, hangMs: 1500, stallMs: 1000, longestMs: 60_000, ...limits };
  const jobs: Jobs = new Jobs({
    store,
    stream,
    workers,
    lookout,
    folder: join(folder, 'jobs'),
    limits: allowed,
    carriers,
    detection: () => everything(),
    prepareFor: (name) => {
      if (name === 'gone')
        return Promise.reject(new Fault('model-not-found', 'The model "gone" is not there any more.'));
      const path = name === model ? '/nowhere' : `/elsewhere/${name}`;
      return Promise.resolve({ ...workers.prepare, model: { name, path } });
    },
    log,
  });

  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await jobs.close();
    await workers.close();
    database.close();
  };
  onTestFinished(close);

  await jobs.open();
  if (begin) jobs.begin();

  const submit = (script: Script, options: JobOptions = noJobOptions, work: Partial<NewJob> = {}): Job => {
    const id = randomUUID();
    const text = JSON.stringify(script);
    mkdirSync(join(folder, 'jobs', id), { recursive: true });
    writeFileSync(join(folder, 'jobs', id, jobFiles.input), text);
    const source = { sourceName: `${script.behaviour}.mp4`, sourceBytes: text.length, sourceType: 'video/mp4' };
    return jobs.create({ id, options, ...detecting, ...source, ...work });
  };
  /** Resolves with the first event that fits, past or to come. */
  const until = <E extends ApplianceEvent>(fits: (event: ApplianceEvent) => event is E): Promise<E> =>
    new Promise((resolve) => {
      const check = () => {
        const found = events.find(fits);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  const ended = async (id: string): Promise<Job> => {
    const event = await until(
      (e): e is Extract<ApplianceEvent, { kind: 'job-changed' }> =>
        e.kind === 'job-changed' && e.job.id === id && isFinal(e.job.status),
    );
    return event.job;
  };
  return {
    allowed,
    folder,
    database,
    store,
    stream,
    events,
    faults,
    workers,
    lookout,
    jobs,
    submit,
    until,
    ended,
    close,
  };
}
