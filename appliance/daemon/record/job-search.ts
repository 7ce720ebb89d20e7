// Looks for jobs among those of all times. There may be many: the rows are walked in pieces, with room for others between them.
import { setImmediate as turn } from 'node:timers/promises';
import { and, count, desc, gte, inArray, lte, type SQL, sql } from 'drizzle-orm';
import type { JobStatus } from '../../contract/job.ts';
import type { Database } from './database.ts';
import { jobs } from './tables.ts';

/** What is null or empty is not asked for. */
export interface JobWish {
  /** Each must stand in the name of the source, in whatever case. */
  readonly words: readonly string[];
  readonly statuses: readonly JobStatus[];
  /** That it ran on. */
  readonly model: string | null;
  /** That it has seen, as its results name it. */
  readonly className: string | null;
  /** Made then or later, or then or earlier; ms since 1970. */
  readonly from: number | null;
  readonly to: number | null;
}

interface JobFinds {
  /** Of the page, newest first. */
  readonly ids: readonly string[];
  /** Of all pages. */
  readonly count: number;
}

/** How long others wait for one piece, about. */
const pieceMs = { least: 0.7, most: 2 };
const pieceRows = { first: 100, least: 20, most: 500 };

export class JobSearch {
  readonly #tables: Database['tables'];

  constructor({ tables }: Database) {
    this.#tables = tables;
  }

  /** Throws the reason of `signal` when that is aborted. */
  async find(wish: JobWish, page: { skip: number; limit: number }, signal: AbortSignal): Promise<JobFinds> {
    const condition = conditionOf(wish);
    const words = wish.words.map(folded);
    const all = condition === undefined && words.length === 0 ? this.#count() : null;
    const end = page.skip + page.limit;
    const found: number[] = [];
    let fitting = 0;
    let before = Number.MAX_SAFE_INTEGER;
    for (let size = pieceRows.first; ; await turn()) {
      signal.throwIfAborted();
      const began = performance.now();
      const limit = all === null ? size : Math.min(size, end - fitting);
      const rows = this.#piece({ before, limit, condition, named: words.length > 0 });
      for (const [row, fits, name] of rows) {
        before = row;
        if (fits !== 1 || !hasAll(name, words)) continue;
        if (fitting >= page.skip && fitting < end) found.push(row);
        fitting += 1;
      }
      if (rows.length < limit || (all !== null && fitting >= end)) break;
      size = sized(size, performance.now() - began);
    }
    return { ids: this.#idsOf(found), count: all ?? fitting };
  }

  /** Row, 1 where it fits, and its name where that is asked for. */
  #piece({ before, limit, condition, named }: Piece): [row: number, fits: number | null, name: string | null][] {
    return this.#tables.values(sql`
      select rowid, ${condition ?? sql`1`}, ${named ? jobs.sourceName : sql`null`} from ${jobs}
      where rowid < ${before} order by rowid desc limit ${limit}`);
  }

  #count(): number {
    return this.#tables.select({ total: count() }).from(jobs).get()?.total ?? 0;
  }

  #idsOf(rows: readonly number[]): string[] {
    return this.#tables
      .select({ id: jobs.id })
      .from(jobs)
      .where(inArray(sql`rowid`, [...rows]))
      .orderBy(desc(sql`rowid`))
      .all()
      .map(({ id }) => id);
  }
}

interface Piece {
  readonly before: number;
  readonly limit: number;
  readonly condition: SQL | undefined;
  readonly named: boolean;
}

function sized(rows: number, ms: number): number {
  if (ms > pieceMs.most) return Math.max(pieceRows.least, rows >> 1);
  return ms < pieceMs.least ? Math.min(pieceRows.most, rows * 2) : rows;
}

/** All but the words: SQLite folds the case of ASCII alone. */
function conditionOf({ statuses, model, className, from, to }: JobWish): SQL | undefined {
  return and(
    statuses.length === 0 ? undefined : inArray(jobs.status, [...statuses]),
    from === null ? undefined : gte(jobs.createdAt, from),
    to === null ? undefined : lte(jobs.createdAt, to),
    model === null ? undefined : and(mentions(jobs.model, model), sql`${whole(jobs.model)} ->> '$.name' = ${model}`),
    className === null ? undefined : and(mentions(jobs.summary, className), sees(className)),
  );
}

function sees(className: string): SQL {
  return sql`exists (select 1 from json_each(${whole(jobs.summary)}, '$.classes') where key = ${className})`;
}

type JsonColumn = typeof jobs.model | typeof jobs.summary;

/** Most rows need not be parsed: JSON.stringify has written them, and writes a name always in the same way. */
function mentions(json: JsonColumn, name: string): SQL {
  return sql`instr(${json}, ${JSON.stringify(name)}) > 0`;
}

/** One that a disk has changed names nothing. */
function whole(json: JsonColumn): SQL {
  return sql`iif(json_valid(${json}), ${json}, null)`;
}

function hasAll(name: string | null, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = folded(name ?? '');
  return words.every((word) => text.includes(word));
}

/**
 * The same for all ways to write the same: compatibility forms are one (NFKC), and so are cases, those of ß and ς too,
 * which differ only on the way through capitals. In no language's own way: names of files have none.
 */
function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}
