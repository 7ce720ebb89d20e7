// Messages to webhooks: kept until they have arrived, and those that were given up until somebody has seen them.
import { and, asc, count, desc, eq, isNotNull, isNull, notInArray, sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import { webhookMessages as messages } from './tables.ts';

export type WebhookMessage = Readonly<typeof messages.$inferSelect>;

/** Of each hook; beyond it the oldest are forgotten. */
const defaultMost = { waiting: 10_000, dead: 1000 };

const age = sql`rowid`;

export class WebhookStore {
  readonly #database: Database;
  readonly #most: typeof defaultMost;

  constructor(database: Database, most = defaultMost) {
    this.#database = database;
    this.#most = most;
  }

  /** Part of what is being written: the same message again changes nothing. Gives how many had to be forgotten for it. */
  add(message: WebhookMessage): number {
    this.#database.tables.insert(messages).values(message).onConflictDoNothing().run();
    return this.#trim(message.hook, 'waiting');
  }

  /** The one of this hook that is due first. */
  next(hook: string): WebhookMessage | undefined {
    return this.#database.tables
      .select()
      .from(messages)
      .where(and(eq(messages.hook, hook), isNotNull(messages.dueAt)))
      .orderBy(asc(messages.dueAt), asc(age))
      .limit(1)
      .get();
  }

  get(id: string): WebhookMessage | undefined {
    return this.#database.tables.select().from(messages).where(eq(messages.id, id)).get();
  }

  /** It did not arrive. `dueAt` null: it is given up. */
  failed(message: WebhookMessage, { dueAt, lastError }: Pick<WebhookMessage, 'dueAt' | 'lastError'>): void {
    const change = { attempts: message.attempts + 1, dueAt, lastError };
    this.#database.tables.update(messages).set(change).where(eq(messages.id, message.id)).run();
    if (dueAt === null) this.#trim(message.hook, 'dead');
  }

  /** One that was given up is tried again, as if it were new. */
  revive(id: string, dueAt: number): void {
    this.#database.tables.update(messages).set({ dueAt, attempts: 0 }).where(eq(messages.id, id)).run();
  }

  remove(id: string): void {
    this.#database.tables.delete(messages).where(eq(messages.id, id)).run();
  }

  /** What waits for a hook that is none of these is given up. */
  giveUpOthers(hooks: readonly string[], lastError: string): void {
    const waits = and(isNotNull(messages.dueAt), notInArray(messages.hook, [...hooks]));
    this.#database.tables.update(messages).set({ dueAt: null, lastError }).where(waits).run();
  }

  /** Given up, newest first. */
  dead({ limit, skip }: { readonly limit: number; readonly skip: number }): WebhookMessage[] {
    const given = this.#database.tables.select().from(messages).where(isNull(messages.dueAt));
    return given.orderBy(desc(messages.createdAt)).limit(limit).offset(skip).all();
  }

  counts(hook: string): { readonly waiting: number; readonly dead: number } {
    return { waiting: this.#count(hook, 'waiting'), dead: this.#count(hook, 'dead') };
  }

  #count(hook: string, kind: 'waiting' | 'dead'): number {
    const row = this.#database.tables.select({ found: count() }).from(messages).where(ofKind(hook, kind)).get();
    return row?.found ?? 0;
  }

  #trim(hook: string, kind: 'waiting' | 'dead'): number {
    const excess = this.#count(hook, kind) - this.#most[kind];
    if (excess <= 0) return 0;
    const { tables } = this.#database;
    const oldest = tables.select({ id: messages.id }).from(messages).where(ofKind(hook, kind)).orderBy(asc(age));
    const ids = oldest.limit(excess).all();
    for (const { id } of ids) this.remove(id);
    return ids.length;
  }
}

function ofKind(hook: string, kind: 'waiting' | 'dead') {
  return and(eq(messages.hook, hook), kind === 'dead' ? isNull(messages.dueAt) : isNotNull(messages.dueAt));
}
