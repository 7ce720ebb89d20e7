// What every way of asking for a job answers, by the job's status: one cell for each, and what single kinds have otherwise.
import type { Job, JobStatus } from '../../appliance/contract/job.ts';
import type { Kind } from './dialect-jobs.ts';

/** Routes as they are declared, with the query behind a `?`; then what is no route. */
export const surfaces = [
  '/v1/video/status/{job_id}',
  '/v1/video/results/{job_id}',
  '/v1/jobs?limit=100',
  '/v1/jobs/{job_id}',
  '/v1/jobs/{job_id}/frames',
  '/v1/jobs/{job_id}/result',
  '/v1/jobs/{job_id}/result?format=ndjson',
  '/v1/jobs/{job_id}/result?format=csv',
  '/v1/jobs/{job_id}/result?format=coco',
  '/v1/jobs/{job_id}/video',
  '/v1/jobs/{job_id}/video?annotated=1',
  '/v1/jobs/{job_id}/clips',
  '/v1/jobs/{job_id}/clips/{number}',
  '/v1/jobs/{job_id}/clips/{number}/poster',
  '/v1/jobs/{job_id}/preview',
  '/v1/jobs/{job_id}/poster',
  '/v1/jobs/{job_id}/timeline',
  '/v1/history?limit=100',
  '/api/status/{task_id}',
  '/status/{task_id}',
  '/api/admin/jobs',
  '/api/admin/jobs/{id}',
  'ws /v1/ws/jobs/{job_id}',
  'mqtt job/<id>',
  'socket.io job',
] as const;
export type Surface = (typeof surfaces)[number];

/** `has`: what stands in a JSON body, or in that part of it that is the job's. */
interface Cell {
  readonly code: number;
  readonly has?: (job: Job) => object;
}

type Row = Record<JobStatus, Cell>;
interface Expected {
  readonly cells: Row;
  readonly except?: Partial<Record<Kind, Partial<Row>>>;
}

const ok: Cell = { code: 200 };
const notCompleted: Cell = { code: 404, has: () => ({ detail: 'Job not completed' }) };
const elsewhere: Cell = {
  code: 409,
  has: () => ({ detail: 'A program outside worked on this job: its results are not here' }),
};

function all(cell: Cell): Row {
  return { pending: cell, running: cell, completed: cell, failed: cell, cancelled: cell };
}

function same(has: (job: Job) => object): Row {
  return all({ code: 200, has });
}

/** Of a completed job alone. */
function results(completed: Cell): Expected {
  const cells = { pending: notCompleted, running: notCompleted, failed: notCompleted, cancelled: notCompleted };
  return { cells: { ...cells, completed }, except: { outside: { completed: elsewhere } } };
}

function missing(detail: string): Cell {
  return { code: 404, has: () => ({ detail }) };
}

/** The four statuses and the words for the end that the 0.9.6 dialect has. */
const rest = {
  pending: { status: 'pending', error_message: null },
  running: { status: 'running', error_message: null },
  completed: { status: 'completed', error_message: null },
  failed: { status: 'failed', error_message: 'It broke' },
  cancelled: { status: 'failed', error_message: 'Cancelled' },
} as const satisfies Record<JobStatus, object>;

const tasks = {
  pending: { status: 'queued', message: 'Waiting in the queue.' },
  running: { status: 'analyzing', message: 'Analysing the video.' },
  completed: { status: 'completed', message: 'Completed.' },
  failed: { status: 'failed', message: 'It broke' },
  cancelled: { status: 'cancelled', message: 'Cancelled.' },
} as const satisfies Record<JobStatus, object>;
const unstaged = { status: 'processing_started', message: 'Processing has begun.' };
const spoken = { status: 'transcribing', message: 'Transcribing the video.' };

const older = (job: Job): number => job.progress ?? (job.status === 'completed' ? 100 : 0);
const item = (job: Job) => ({
  job_id: job.id,
  ...rest[job.status],
  progress: job.progress,
  tools: [...job.tools],
  result_url: job.status === 'completed' && !job.outside ? `/v1/jobs/${job.id}/result` : null,
  annotated_url: job.products.annotated_bytes === null ? null : `/v1/jobs/${job.id}/video?annotated=1`,
  outside: job.outside,
  error: rest[job.status].error_message,
});
const details = (job: Job) => ({
  ...item(job),
  results: job.status === 'completed' && !job.outside ? expectAny : null,
});
/** Something that is not null. */
const expectAny: object = {};
const pushed = (job: Job) => ({ ...item(job), status: job.status });

const task = (words: object) => (job: Job) => ({
  ...words,
  progress: older(job),
  process_task_id: job.id,
  video_id: job.outside?.video_id ?? job.id,
  created_at: new Date(job.createdAt).toISOString(),
});
const taskCells: Expected = {
  cells: {
    pending: { code: 200, has: task(tasks.pending) },
    running: { code: 200, has: task(tasks.running) },
    completed: { code: 200, has: task(tasks.completed) },
    failed: { code: 200, has: task(tasks.failed) },
    cancelled: { code: 200, has: task(tasks.cancelled) },
  },
  except: {
    legacy: { running: { code: 200, has: task(unstaged) } },
    'another release': { running: { code: 200, has: task(unstaged) } },
    outside: { running: { code: 200, has: task(spoken) } },
  },
};

const ending = { completed: '2026-01-02 03:04:17', duration: '0:00:12' };
const admin =
  (words: object, end: object = {}) =>
  (job: Job) => ({
    id: job.outside?.id ?? job.id,
    type: job.outside?.type ?? job.jobType,
    ...words,
    progress: older(job),
    started: '2026-01-02 03:04:05',
    ...end,
  });
const adminCells: Expected = {
  cells: {
    pending: { code: 200, has: admin({ status: 'queued', stage: 'queued', error: null }) },
    running: { code: 200, has: admin({ status: 'analyzing', stage: 'analyzing', error: null }) },
    completed: { code: 200, has: admin({ status: 'completed', error: null }, ending) },
    failed: { code: 200, has: admin({ status: 'failed', error: 'It broke' }, ending) },
    cancelled: { code: 200, has: admin({ status: 'cancelled', error: 'Cancelled' }, ending) },
  },
  except: {
    legacy: { running: { code: 200, has: admin({ status: 'processing_started', error: null }) } },
    'another release': { running: { code: 200, has: admin({ status: 'processing_started', error: null }) } },
    outside: {
      // It never waits.
      pending: { code: 200, has: admin({ status: 'transcribing', metadata: { a: 1 } }) },
      running: { code: 200, has: admin({ status: 'transcribing', stage: 'transcribing', metadata: { a: 1 } }) },
    },
  },
};

const clipped: Expected = {
  cells: all(missing('Clip not found')),
  except: { 'with products': { completed: ok } },
};

const table: Record<Surface, Expected> = {
  '/v1/video/status/{job_id}': {
    cells: same((job) => ({ job_id: job.id, status: rest[job.status].status, progress: job.progress })),
  },
  '/v1/video/results/{job_id}': results({
    code: 200,
    has: (job) => ({
      ...{ job_id: job.id, status: 'completed', error_message: null, progress: null },
      results: { plugin_id: job.pluginId, tool: job.tools[0], results: { summary: job.summary } },
    }),
  }),
  '/v1/jobs?limit=100': { cells: same(details) },
  '/v1/jobs/{job_id}': { cells: same(details) },
  '/v1/jobs/{job_id}/frames': {
    cells: same((job) => ({ offset: 0, total: job.outside || job.status === 'pending' ? 0 : 1 })),
  },
  '/v1/jobs/{job_id}/result': results({ code: 200, has: (job) => ({ job_id: job.id, status: 'completed' }) }),
  '/v1/jobs/{job_id}/result?format=ndjson': results(ok),
  '/v1/jobs/{job_id}/result?format=csv': results(ok),
  '/v1/jobs/{job_id}/result?format=coco': results(ok),
  '/v1/jobs/{job_id}/video': {
    cells: all(ok),
    except: { outside: all(missing('Video not found')) },
  },
  '/v1/jobs/{job_id}/video?annotated=1': {
    cells: all(missing('This job has no annotated video: submit with annotated=true to get one')),
    except: {
      'with products': {
        pending: missing('The annotated video is there when the job is completed'),
        running: missing('The annotated video is there when the job is completed'),
        completed: ok,
        failed: missing('No annotated video: the job is failed'),
        cancelled: missing('No annotated video: the job is cancelled'),
      },
    },
  },
  '/v1/jobs/{job_id}/clips': {
    cells: same((job) => ({ clips: job.products.clips.map(({ number }) => ({ number })) })),
  },
  '/v1/jobs/{job_id}/clips/{number}': clipped,
  '/v1/jobs/{job_id}/clips/{number}/poster': clipped,
  '/v1/jobs/{job_id}/preview': {
    cells: {
      pending: missing('No preview: the job is pending'),
      running: missing('No preview yet; it is made while you ask for it'),
      completed: missing('No preview: the job is completed'),
      failed: missing('No preview: the job is failed'),
      cancelled: missing('No preview: the job is cancelled'),
    },
  },
  '/v1/jobs/{job_id}/poster': {
    cells: all(missing('Poster not found')),
    except: { 'with products': all(ok) },
  },
  '/v1/jobs/{job_id}/timeline': { cells: same((job) => ({ job_id: job.id })) },
  '/v1/history?limit=100': { cells: same(pushed) },
  '/api/status/{task_id}': taskCells,
  '/status/{task_id}': taskCells,
  '/api/admin/jobs': adminCells,
  '/api/admin/jobs/{id}': adminCells,
  'ws /v1/ws/jobs/{job_id}': {
    cells: {
      pending: { code: 200, has: () => ({ status: 'pending', last: null }) },
      running: { code: 200, has: () => ({ status: 'running', last: null }) },
      completed: { code: 200, has: (job) => ({ status: 'completed', last: { job_id: job.id, status: 'completed' } }) },
      failed: { code: 200, has: () => ({ status: 'failed', last: { status: 'error', message: 'It broke' } }) },
      cancelled: { code: 200, has: () => ({ status: 'failed', last: { status: 'error', message: 'Cancelled' } }) },
    },
  },
  'mqtt job/<id>': { cells: same(({ status, progress, stage }) => ({ v: 1, status, progress, stage })) },
  'socket.io job': { cells: same(pushed) },
};

export function cellOf(surface: Surface, kind: Kind, status: JobStatus): Cell {
  const { cells, except } = table[surface];
  return except?.[kind]?.[status] ?? cells[status];
}
