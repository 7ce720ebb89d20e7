// Job rows: saved before anyone is told. Every statement is small and goes by the primary key or an index.
import { isDeepStrictEqual } from 'node:util';
import { and, count, desc, eq, gt, inArray, notInArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { SourceInfo, Summary } from '../../contract/frame.ts';
import { JobOptions, noJobOptions } from '../../contract/job-options.ts';
import { type Job, JobModel, type JobStatus, jobTypes } from '../../contract/job.ts';
import type { Database } from './database.ts';
import { jobs } from './tables.ts';

type Row = typeof jobs.$inferSelect;

/** What the client called its submit, and hex SHA-256 over what it submitted. */
export interface Submission {
  readonly key: string;
  readonly sha256: string;
}

/** Rows come back in the order of their making. */
const made = sql`rowid`;

export class JobStore {
  readonly #database: Database;
  readonly #byId;
  readonly #progress;

  constructor(database: Database) {
    const { tables } = database;
    this.#database = database;
    this.#byId = tables
      .select()
      .from(jobs)
      .where(eq(jobs.id, sql.placeholder('id')))
      .prepare();
    this.#progress = tables
      .update(jobs)
      .set({ progress: sql`${sql.placeholder('progress')}`, updatedAt: sql`${sql.placeholder('updatedAt')}` })
      .where(eq(jobs.id, sql.placeholder('id')))
      .prepare();
  }

  insert(job: Job, submission: Submission | null = null): void {
    const named = { idempotencyKey: submission?.key ?? null, requestSha256: submission?.sha256 ?? null };
    this.#database.durably(() =>
      this.#database.tables
        .insert(jobs)
        .values({ ...toRow(job), ...named })
        .run(),
    );
  }

  /** The job that was submitted under this key. */
  submitted(key: string): { readonly jobId: string; readonly sha256: string } | undefined {
    const row = this.#database.tables
      .select({ jobId: jobs.id, sha256: jobs.requestSha256 })
      .from(jobs)
      .where(eq(jobs.idempotencyKey, key))
      .get();
    return row && { jobId: row.jobId, sha256: row.sha256 ?? '' };
  }

  /** Everything of the job; on the disk when this returns. */
  save(job: Job): void {
    this.#database.durably(() => this.#database.tables.update(jobs).set(toRow(job)).where(eq(jobs.id, job.id)).run());
  }

  /** Only the percentage; survives a crash of the daemon, may be lost with the power. */
  saveProgress(job: Job): void {
    this.#progress.run({ id: job.id, progress: job.progress, updatedAt: job.updatedAt });
  }

  /** Only the places in the queue: all of them or none. */
  saveRanks(ranked: readonly Pick<Job, 'id' | 'queueRank' | 'updatedAt'>[]): void {
    this.#database.tables.transaction((tables) => {
      for (const { id, queueRank, updatedAt } of ranked) {
        tables.update(jobs).set({ queueRank, updatedAt }).where(eq(jobs.id, id)).run();
      }
    });
  }

  get(id: string): Job | undefined {
    const row = this.#byId.get({ id });
    return row && toJob(row);
  }

  /** Newest first. `statuses`: of these only. */
  list(query: { limit: number; skip: number; statuses?: readonly JobStatus[] | undefined }): Job[] {
    return this.#database.tables
      .select()
      .from(jobs)
      .where(query.statuses && inArray(jobs.status, [...query.statuses]))
      .orderBy(desc(made))
      .limit(query.limit)
      .offset(query.skip)
      .all()
      .map(toJob);
  }

  count(statuses?: readonly JobStatus[]): number {
    const row = this.#database.tables
      .select({ total: count() })
      .from(jobs)
      .where(statuses && inArray(jobs.status, [...statuses]))
      .get();
    return row?.total ?? 0;
  }

  /** Pending and running jobs in the order of their making: what a daemon that went away has left to do. */
  unfinished(): Job[] {
    return this.#database.tables
      .select()
      .from(jobs)
      .where(inArray(jobs.status, ['pending', 'running']))
      .orderBy(made)
      .all()
      .map(toJob);
  }

  /** Jobs that have ended, in the order of their making, behind the row `after`. Skips few rows that it does not give. */
  finished({ after, limit }: { readonly after: number; readonly limit: number }) {
    return this.#database.tables
      .select({ row: sql<number>`rowid`, id: jobs.id, createdAt: jobs.createdAt, completedAt: jobs.completedAt })
      .from(jobs)
      .where(and(gt(made, after), notInArray(jobs.status, ['pending', 'running'])))
      .orderBy(made)
      .limit(limit)
      .all();
  }

  remove(id: string): void {
    this.#database.durably(() => this.#database.tables.delete(jobs).where(eq(jobs.id, id)).run());
  }
}

function toRow(job: Job): Omit<Row, 'idempotencyKey' | 'requestSha256'> {
  return {
    id: job.id,
    status: job.status,
    pluginId: job.pluginId,
    tool: job.tool,
    jobType: job.jobType,
    sourceName: job.sourceName,
    sourceBytes: job.sourceBytes,
    sourceType: job.sourceType,
    source: job.source,
    model: job.model,
    summary: job.summary,
    warnings: job.warnings,
    errorCode: job.error?.code ?? null,
    errorMessage: job.error?.message ?? null,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
    startedAt: job.startedAt,
    completedAt: job.completedAt,
    progress: job.progress,
    options: isDeepStrictEqual(job.options, noJobOptions) ? null : job.options,
    queueRank: job.queueRank,
    hasPoster: job.hasPoster,
  };
}

const Source = SourceInfo.nullable().catch(null);
const Model = JobModel.nullable().catch(null);
const Totals = Summary.nullable().catch(null);
const Warnings = z.array(z.string()).catch([]);
const Type = z.enum(jobTypes).catch('video');
const Options = JobOptions.catch(noJobOptions);

/** What is not recorded (stage, frames, rate) is what can be said of a job that no worker has in hand. */
function toJob(row: Row): Job {
  const summary = Totals.parse(row.summary);
  const source = Source.parse(row.source);
  return {
    id: row.id,
    status: row.status,
    pluginId: row.pluginId,
    tool: row.tool,
    jobType: Type.parse(row.jobType),
    sourceName: row.sourceName,
    sourceBytes: row.sourceBytes,
    sourceType: row.sourceType,
    source,
    model: Model.parse(row.model),
    progress: row.progress,
    stage: row.status === 'completed' ? 'completed' : row.status === 'pending' ? 'queued' : null,
    currentFrame: summary?.total_frames ?? 0,
    totalFrames: summary?.total_frames ?? source?.frames ?? null,
    indeterminate: false,
    held: null,
    fps: null,
    etaS: null,
    // Not recorded. No job is told of a thousand times a second, so this is above whatever was told before.
    seq: row.updatedAt - row.createdAt,
    reportedAt: row.updatedAt,
    summary,
    options: Options.parse(row.options),
    queueRank: row.queueRank ?? row.createdAt,
    hasPoster: row.hasPoster ?? false,
    warnings: Warnings.parse(row.warnings),
    error: row.errorMessage === null ? null : { code: row.errorCode ?? 'unknown', message: row.errorMessage },
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    startedAt: row.startedAt,
    completedAt: row.completedAt,
  };
}
