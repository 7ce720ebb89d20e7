// The tables, as drizzle sees them. `npx drizzle-kit generate` makes the next migration from a change here.
import { sql } from 'drizzle-orm';
import { customType, index, integer, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { jobStatuses } from '../../contract/job.ts';

/** Bytes that a disk has changed cost this field, not the daemon: what cannot be parsed reads as null. */
const json = customType<{ data: unknown; driverData: string }>({
  dataType: () => 'text',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (text) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return null; // the reader's schema has a value for it
    }
  },
});

/** All times: ms since 1970. Columns that hold JSON are parsed with the contract's schemas when read. */
export const jobs = sqliteTable(
  'jobs',
  {
    id: text().primaryKey(),
    status: text({ enum: jobStatuses }).notNull(),
    pluginId: text('plugin_id').notNull(),
    tool: text().notNull(),
    jobType: text('job_type').notNull(),
    sourceName: text('source_name').notNull(),
    sourceBytes: integer('source_bytes').notNull(),
    sourceType: text('source_type').notNull(),
    source: json(),
    model: json(),
    summary: json(),
    warnings: json(),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    startedAt: integer('started_at'),
    completedAt: integer('completed_at'),
    /** 0..100. Null in rows older than migration 0001. Not indexed: it is the hot column. */
    progress: integer(),
    /** What the client called this submit; another one with this key is the same, or refused. */
    idempotencyKey: text('idempotency_key'),
    /** Of what was submitted with the key: hex SHA-256 over plugin, tool, options and the file's content. */
    requestSha256: text('request_sha256'),
    /** What the submit asked for beside the tool; null: nothing. */
    options: json(),
    /** Where it stands in the queue; null in rows older than migration 0003, which stand by `created_at`. */
    queueRank: real('queue_rank'),
    hasPoster: integer('has_poster', { mode: 'boolean' }),
    /** Canonical ids where there are several, `tool` being the first of them; null: `tool` alone. */
    tools: json(),
    /** Null: the plain one. */
    plan: json(),
    sourceUrl: text('source_url'),
    /** Null: none. */
    products: json(),
    /** What a program outside calls its job; null for the appliance's own. */
    outsideId: text('outside_id'),
    outside: json(),
  },
  (table) => [
    // An index on status alone also yields the rows of one status in the order of their making.
    index('jobs_status').on(table.status),
    uniqueIndex('jobs_idempotency_key').on(table.idempotencyKey),
    uniqueIndex('jobs_outside_id').on(table.outsideId),
  ],
);

/** Removed jobs whose retained topics a broker that was away has not given up yet. */
export const removedTopics = sqliteTable('removed_topics', { jobId: text('job_id').primaryKey() });

/** Messages to webhooks that have not arrived yet, and those that never will. Times: ms since 1970. */
export const webhookMessages = sqliteTable(
  'webhook_messages',
  {
    id: text().primaryKey(),
    /** Name of the webhook in the settings. */
    hook: text().notNull(),
    event: text().notNull(),
    jobId: text('job_id').notNull(),
    /** JSON, as it is sent and signed. */
    body: text().notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer().notNull(),
    /** When it is tried next; null: given up. */
    dueAt: integer('due_at'),
    /** Of the last attempt, as a sentence. */
    lastError: text('last_error'),
  },
  (table) => [
    index('webhook_messages_due').on(table.hook, table.dueAt),
    // Those that were given up, among many that wait.
    index('webhook_messages_dead')
      .on(table.createdAt)
      .where(sql`due_at IS NULL`),
  ],
);
