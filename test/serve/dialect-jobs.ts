// A job of every kind in every status, as the daemon has it in memory.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Job, JobStatus } from '../../appliance/contract/job.ts';
import { annotatedPlan } from '../../appliance/contract/plan.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { jobs } from '../../appliance/daemon/record/tables.ts';
import { frame, model, source, summaryOf } from '../results/frames.ts';
import { makeJob } from '../support/job.ts';

export const kinds = ['fresh', 'legacy', 'several tools', 'outside', 'with products', 'another release'] as const;
export type Kind = (typeof kinds)[number];

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const ended = { completedAt: now + 12_000, stage: null, fps: null, etaS: null };

/** What a status brings with it. */
const states: Record<JobStatus, Partial<Job>> = {
  pending: { progress: 0, stage: 'queued', startedAt: null, currentFrame: 0 },
  running: { progress: 42, stage: 'analyzing' },
  completed: { ...ended, progress: 100, stage: 'completed', summary: summaryOf(3), source, model, toolsCompleted: 1 },
  failed: { ...ended, progress: 42, error: { code: 'tool-failed', message: 'It broke' } },
  cancelled: { ...ended, progress: 42 },
};

/** Whole or in part; the row is read back as the daemon would read it. */
type Row = Partial<typeof jobs.$inferInsert>;

export class DialectJobs {
  readonly #database;
  readonly #store;

  constructor(folder: string) {
    this.#database = openDatabase(join(folder, 'rows.db'), migrations);
    this.#store = new JobStore(this.#database);
  }

  make(kind: Kind, status: JobStatus): Job {
    const times = { createdAt: now, updatedAt: now, startedAt: now, reportedAt: now };
    const fresh = makeJob({ ...times, status, ...states[status] });
    switch (kind) {
      case 'fresh':
        return fresh;
      case 'several tools':
        return {
          ...fresh,
          tools: ['video_player_detection', 'video_player_tracking'],
          jobType: 'video_multi',
          toolsCompleted: status === 'completed' ? 2 : 0,
        };
      case 'with products':
        return {
          ...fresh,
          options: { ...fresh.options, annotated: true },
          plan: annotatedPlan,
          hasPoster: true,
          products:
            status === 'completed' ? { annotated_bytes: 4, clips: [clip], deliveries: [delivery] } : fresh.products,
        };
      case 'outside':
        return this.#outside(fresh);
      case 'legacy':
        return this.#read(status, {});
      case 'another release':
        return this.#read(status, anotherRelease);
      default:
        return kind satisfies never;
    }
  }

  close(): void {
    this.#database.close();
  }

  #outside(fresh: Job): Job {
    const { status } = fresh;
    return {
      ...fresh,
      ...{ pluginId: 'outside', tools: ['clip_extraction'], sourceName: 'v1', sourceBytes: 0 },
      ...{ summary: null, source: null, model: null },
      stage: status === 'completed' ? 'completed' : null,
      outside: {
        id: `task-${status}`,
        ...{ type: 'clip_extraction', video_id: 'v1', metadata: { a: 1 }, status: 'transcribing' },
      },
    };
  }

  /** By way of the database, without what its row does not have. */
  #read(status: JobStatus, row: Row): Job {
    const { summary = null, error = null, completedAt = null } = states[status];
    const id = randomUUID();
    this.#database.tables
      .insert(jobs)
      .values({
        id,
        status,
        ...{ pluginId: 'yolo-tracker', tool: 'video_player_detection', jobType: 'video' },
        ...{ sourceName: 'match.mp4', sourceBytes: 4, sourceType: 'video/mp4' },
        summary,
        errorCode: error?.code ?? null,
        errorMessage: error?.message ?? null,
        ...{ createdAt: now, updatedAt: now, startedAt: now, completedAt },
        ...row,
      })
      .run();
    const job = this.#store.get(id);
    if (!job) throw new Error('row not found');
    return job;
  }
}

/** One line of its artifact. */
export function lineOf({ tools }: Job): string {
  const { frame_index, pts_s, detections } = frame(0);
  const found = tools.length === 1 ? { detections } : Object.fromEntries(tools.map((tool) => [tool, { detections }]));
  return `${JSON.stringify({ frame_index, pts_s, ...found })}\n`;
}

/** What this release does not know. */
const anotherRelease: Row = {
  ...{ pluginId: 'night-vision', tool: 'thermal_sweep', jobType: 'hologram', progress: 42 },
  plan: { pipeline: 'night', stages: [{ stage: 'dreaming', weight: 100 }], clips: [], deliver: [] },
  options: { mood: 'blue' },
  products: { holograms: 3 },
};

const clip = {
  ...{ number: 1, class: 'person', seen_from_s: 2, seen_to_s: 4, from_s: 0, to_s: 6, best: 0.9, bytes: 100 },
  ...{ type: 'video/mp4' as const, poster: true },
};
const delivery = { target: 'nas', files: 2, bytes: 1100, place: '/mnt/nas/x' };
