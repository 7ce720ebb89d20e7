// The jobs room on a real database, and the dialects of programs outside on a real port.
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Plan, plainPlan } from '../../appliance/contract/plan.ts';
import { makeOutside } from '../../appliance/daemon/outside-part.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { jobRoutes } from '../../appliance/daemon/serve/job-routes.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';
import { log, openWeb, read } from './house.ts';

interface AdminHouseOptions {
  /** With what is there already. */
  readonly folder?: string;
  /** By name. */
  readonly plans?: Readonly<Record<string, Plan>>;
}

export async function openAdmin({ folder = tempData(), plans = {} }: AdminHouseOptions = {}) {
  const desk = await openDesk({ folder, begin: false });
  const { jobs, store, stream } = desk;
  const byName = new Map(Object.entries(plans));
  const pipelines = { names: [...byName.keys()], get: (name: string) => byName.get(name), plain: () => plainPlan };
  const outside = makeOutside({ outside: { silent_h: 24 } }, { jobs, store, stream, pipelines, log });
  outside.open();
  const close = async () => {
    outside.close();
    await desk.close();
  };
  onTestFinished(close);
  const results = new Results({ jobsDir: join(folder, 'jobs') });
  const { url } = await openWeb([...outside.routes, ...jobRoutes({ desk: jobs, results })]);
  const post = (path: string, body: unknown) =>
    read(`${url}${path}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  return {
    ...desk,
    url,
    close,
    get: (path: string) => read(`${url}${path}`),
    post,
    create: (id: string, fields: object = {}) =>
      post('/api/admin/jobs', { id, type: 'clip_extraction', video_id: `video-of-${id}`, ...fields }),
    tell: (id: string, report: object) => post(`/api/admin/jobs/${encodeURIComponent(id)}/progress`, report),
  };
}
