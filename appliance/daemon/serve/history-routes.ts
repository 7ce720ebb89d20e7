// Jobs of all times: looked for, and many of them deleted at once.
import { join } from 'node:path';
import { z } from 'zod';
import { toJobItem } from '../../contract/api.ts';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { HistoryDeleted, HistoryDeletion, type HistoryItem, HistoryPage } from '../../contract/history-api.ts';
import { isFinal, JobStatus } from '../../contract/job.ts';
import type { JobSearch, JobWish } from '../record/job-search.ts';
import { bytesIn } from '../results/disk-use.ts';
import { json } from './answer.ts';
import type { JobDesk } from './job-desk.ts';
import { readJson } from './json-body.ts';
import { Lane } from './lane.ts';
import { integer } from './mistakes.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export interface HistoryRoutesOptions {
  readonly desk: Pick<JobDesk, 'get' | 'remove'>;
  readonly search: Pick<JobSearch, 'find'>;
  /** Holds a folder for each job. */
  readonly folder: string;
}

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Name = z.string().min(1).max(200);
const Query = z.object({
  limit: integer(1, 100).default(20),
  skip: integer(0).default(0),
  q: z.string().max(200).optional().meta({ description: 'Words that all stand in the name of the source' }),
  status: z.array(JobStatus).optional(),
  model: Name.optional().meta({ description: 'That the job ran on' }),
  class: Name.optional().meta({ description: 'That the job has seen' }),
  from: Moment.optional().meta({ type: 'string', format: 'date-time', description: 'Made then or later' }),
  to: Moment.optional().meta({ type: 'string', format: 'date-time', description: 'Made then or earlier' }),
});
/** So many rows are passed over in no time. */
const mostSkipped = 1000;
const togetherRead = 4;

export function historyRoutes({ desk, search, folder }: HistoryRoutesOptions): Route[] {
  const lane = new Lane({ most: 8, retryAfterS: 2 });
  /** Null for one that is gone since it was found. */
  const item = async (id: string): Promise<HistoryItem | null> => {
    const job = desk.get(id);
    return job ? { ...toJobItem(job), disk_bytes: await bytesIn(join(folder, id)) } : null;
  };
  return [
    route({
      method: 'GET',
      path: '/v1/history',
      summary: 'Jobs of all times that fit, newest first',
      query: Query,
      answers: {
        200: { description: 'One page, and how many fit in all', schema: HistoryPage },
        429: { description: 'Too many search at the same time; see Retry-After', schema: Detail },
      },
      handle: async ({ query, signal }) => {
        const { limit, skip } = query;
        const wish = wishOf(query);
        const find = () => search.find(wish, { limit, skip }, signal);
        const atHand = skip <= mostSkipped && !isWish(wish);
        const { ids, count } = await (atHand ? find() : lane.run(find, signal));
        const items: (HistoryItem | null)[] = [];
        // A few at a time: each is a row to be read and a folder to be looked at.
        for (let at = 0; at < ids.length; at += togetherRead) {
          items.push(...(await Promise.all(ids.slice(at, at + togetherRead).map(item))));
        }
        return json({ jobs: items.filter((one) => one !== null), count });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/history/delete',
      summary: 'Delete finished jobs with their files; what became of each is told, whatever becomes of the others',
      operator: true,
      body: { type: 'application/json', schema: HistoryDeletion },
      answers: { 200: { description: 'What was done, in the order of the request', schema: HistoryDeleted } },
      handle: async ({ body }) => {
        const { job_ids: ids } = await readJson(body, HistoryDeletion);
        const results: HistoryDeleted['results'] = [];
        for (const id of ids) results.push({ job_id: id, ...(await deleted(desk, id)) });
        return json({ results });
      },
    }),
  ];
}

function wishOf({ q, status, model, class: className, from, to }: z.output<typeof Query>): JobWish {
  return {
    words: (q ?? '').split(/\s+/).filter((word) => word !== ''),
    statuses: status ?? [],
    model: model ?? null,
    className: className ?? null,
    from: from ?? null,
    to: to ?? null,
  };
}

function isWish({ words, statuses, ...others }: JobWish): boolean {
  return words.length > 0 || statuses.length > 0 || Object.values(others).some((value) => value !== null);
}

type Deleted = Omit<HistoryDeleted['results'][number], 'job_id'>;

async function deleted(desk: HistoryRoutesOptions['desk'], id: string): Promise<Deleted> {
  const job = desk.get(id);
  if (!job) return { status: 'not-found', detail: null };
  if (!isFinal(job.status)) return { status: 'failed', detail: `The job is ${job.status}: cancel it first.` };
  try {
    return { status: await desk.remove(id), detail: null };
  } catch (error) {
    if (error instanceof Fault && error.code === 'job-not-found') return { status: 'not-found', detail: null };
    if (error instanceof Fault) return { status: 'failed', detail: error.message };
    // What the disk does not let go is no reason to keep the others.
    if (codeOf(error) === '') throw error;
    return { status: 'failed', detail: `Its files cannot be removed (${codeOf(error)}).` };
  }
}
