// Which removed jobs still have topics at a broker elsewhere: a list that outlives the daemon and the broker's absence.
import { asc, eq, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { removedTopics } from './tables.ts';

/** Beyond it the oldest are forgotten: their topics stay where they are. */
const mostKept = 10_000;

const age = sql`rowid`;

export class RemovedTopics {
  readonly #database: Database;
  readonly #mostKept: number;

  constructor(database: Database, most = mostKept) {
    this.#database = database;
    this.#mostKept = most;
  }

  /** On the disk when this returns: nothing else would remember the job after a power cut. */
  add(jobId: string): void {
    const { tables } = this.#database;
    this.#database.durably(() =>
      tables.transaction((write) => {
        write.insert(removedTopics).values({ jobId }).onConflictDoNothing().run();
        // Two steps in one index each, where a count would read all rows.
        const newest = sql`(SELECT max(rowid) FROM ${removedTopics})`;
        write
          .delete(removedTopics)
          .where(sql`${age} <= ${newest} - ${this.#mostKept}`)
          .run();
      }),
    );
  }

  /** Not hurried to the disk: what is cleared twice does no harm. */
  forget(jobId: string): void {
    this.#database.tables.delete(removedTopics).where(eq(removedTopics.jobId, jobId)).run();
  }

  /** Job ids, oldest first. */
  list(limit: number): string[] {
    return this.#database.tables
      .select()
      .from(removedTopics)
      .orderBy(asc(age))
      .limit(limit)
      .all()
      .map(({ jobId }) => jobId);
  }
}
