// The tables, as drizzle sees them. `npx drizzle-kit generate` makes the next migration from a change here.
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { jobStatuses } from '../../contract/job.ts';

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
    source: text({ mode: 'json' }),
    model: text({ mode: 'json' }),
    summary: text({ mode: 'json' }),
    warnings: text({ mode: 'json' }),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    startedAt: integer('started_at'),
    completedAt: integer('completed_at'),
    /** 0..100. Null in rows older than migration 0001. Not indexed: it is the hot column. */
    progress: integer(),
  },
  // An index on status alone also yields the rows of one status in the order of their making.
  (table) => [index('jobs_status').on(table.status)],
);
