// What a plugin has done since the start of the daemon, as `GET /v1/plugins` tells it.
import { isFinal, type Job } from '../contract/job.ts';
import type { EventStream } from './publish/stream.ts';
import { isoTime } from '../contract/iso-time.ts';

interface Record {
  lastUsed: number;
  completed: number;
  failed: number;
  lastMs: number | null;
  totalMs: number;
}

export interface PluginActivity {
  readonly last_used: string | null;
  readonly success_count: number;
  readonly error_count: number;
  readonly last_execution_time_ms: number | null;
  readonly avg_execution_time_ms: number | null;
}

export class Activity {
  /** By plugin id: as many as there are plugins. */
  readonly #records = new Map<string, Record>();
  readonly #unsubscribe: () => void;

  constructor(stream: EventStream) {
    this.#unsubscribe = stream.on('job-changed', ({ job }) => this.#note(job));
  }

  of(pluginId: string): PluginActivity {
    const record = this.#records.get(pluginId);
    return {
      last_used: record ? isoTime(record.lastUsed) : null,
      success_count: record?.completed ?? 0,
      error_count: record?.failed ?? 0,
      last_execution_time_ms: record?.lastMs ?? null,
      avg_execution_time_ms: record && record.completed > 0 ? Math.round(record.totalMs / record.completed) : null,
    };
  }

  close(): void {
    this.#unsubscribe();
  }

  #note(job: Job): void {
    if (job.startedAt === null) return;
    const record = this.#records.get(job.pluginId) ?? {
      lastUsed: 0,
      completed: 0,
      failed: 0,
      lastMs: null,
      totalMs: 0,
    };
    this.#records.set(job.pluginId, record);
    record.lastUsed = job.updatedAt;
    if (!isFinal(job.status)) return;
    if (job.status === 'failed') record.failed += 1;
    if (job.status !== 'completed') return;
    record.completed += 1;
    record.lastMs = (job.completedAt ?? job.startedAt) - job.startedAt;
    record.totalMs += record.lastMs;
  }
}
