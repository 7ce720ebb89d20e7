// Job rows: saved before anyone is told. Every statement is small and goes by the primary key or an index.
import { and, count, desc, eq, getTableColumns, gt, gte, inArray, notInArray, sql } from 'drizzle-orm';
import type { Job, JobStatus } from '../../contract/job.ts';
import type { Database } from './database.ts';
import { toJob, toRow } from './job-row.ts';
import { jobs } from './tables.ts';

/** What the client called its submit, and hex SHA-256 over what it submitted. */
export interface Submission {
  readonly key: string;
  readonly sha256: string;
}

export interface JobQuery {
  readonly limit: number;
  readonly skip: number;
  /** All of them where absent. */
  readonly statuses?: readonly JobStatus[] | undefined;
}

/** Rows come back in the order of their making. */
const made = sql`rowid`;

export class JobStore {
  readonly #database: Database;
  readonly #beside: (job: Job) => void;
  readonly #byId;
  readonly #progress;

  /** `beside` is called where a job is saved whole, and what it writes is written with it or not at all. */
  constructor(database: Database, beside: (job: Job) => void = () => undefined) {
    const { tables } = database;
    this.#database = database;
    this.#beside = beside;
    this.#byId = tables
      .select()
      .from(jobs)
      .where(eq(jobs.id, sql.placeholder('id')))
      .prepare();
    this.#progress = tables
      .update(jobs)
      .set({
        progress: sql`${sql.placeholder('progress')}`,
        updatedAt: sql`${sql.placeholder('updatedAt')}`,
        outside: sql`${sql.placeholder('outside')}`,
      })
      .where(eq(jobs.id, sql.placeholder('id')))
      .prepare();
  }

  /** `replaced`: the job that goes with its coming, or stays where that fails. */
  insert(job: Job, submission: Submission | null = null, replaced: string | null = null): void {
    const named = { idempotencyKey: submission?.key ?? null, requestSha256: submission?.sha256 ?? null };
    this.#database.durably(() =>
      this.#database.tables.transaction((tables) => {
        if (replaced !== null) tables.delete(jobs).where(eq(jobs.id, replaced)).run();
        tables
          .insert(jobs)
          .values({ ...toRow(job), ...named })
          .run();
      }),
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
    this.#database.durably(() =>
      this.#database.tables.transaction((tables) => {
        tables.update(jobs).set(toRow(job)).where(eq(jobs.id, job.id)).run();
        this.#beside(job);
      }),
    );
  }

  /** Only the percentage, and what a program outside says; survives a crash of the daemon, may be lost with the power. */
  saveProgress({ id, progress, updatedAt, outside }: Job): void {
    this.#progress.run({ id, progress, updatedAt, outside: outside && JSON.stringify(outside) });
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
  list(query: JobQuery): Job[] {
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

  /** Those that ended last, the newest end first, of the thousand that were made last: no index knows when a job ended. */
  endedLast(limit: number): Job[] {
    const { tables } = this.#database;
    const last = tables
      .select({ id: jobs.id, endedAt: sql<number>`coalesce(${jobs.completedAt}, ${jobs.updatedAt})`.as('ended_at') })
      .from(jobs)
      .orderBy(desc(made))
      .limit(1000)
      .as('last');
    return tables
      .select(getTableColumns(jobs))
      .from(last)
      .innerJoin(jobs, eq(jobs.id, last.id))
      .where(notInArray(jobs.status, ['pending', 'running']))
      .orderBy(desc(last.endedAt))
      .limit(limit)
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

  /** Those of programs outside, in whatever state: few, since few finished ones are kept. In no order. */
  outside(): Job[] {
    // So put, the index is used: with IS NOT NULL it is not.
    return this.#database.tables.select().from(jobs).where(gte(jobs.outsideId, '')).all().map(toJob);
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
