// What supervisors, monitors and old clients ask to learn whether the appliance is well.
import { SystemView } from '../../contract/api.ts';
import { isoTime } from '../../contract/iso-time.ts';
import { json, text } from './answer.ts';
import { type Route, route } from './route.ts';
import { Health, Readiness, WorkerHealth } from './schemas.ts';

export interface HealthRoutesOptions {
  readonly version: string;
  readonly plugins: { readonly list: readonly unknown[] };
  /** The appliance at a glance. */
  readonly system: () => SystemView;
  /** Workers, as seen from the daemon. `lastHeartbeat`: ms since 1970, null where none was heard yet. */
  readonly worker: () => { readonly alive: boolean; readonly lastHeartbeat: number | null };
  /** One sentence for each thing that keeps jobs from running; ready where there is none. */
  readonly unready: () => readonly string[];
  /** Prometheus' registry. */
  readonly registry: { readonly contentType: string; metrics(): Promise<string> };
}

export function healthRoutes({ version, plugins, system, worker, unready, registry }: HealthRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/health',
      summary: 'The appliance answers',
      open: true,
      answers: { 200: { description: 'Always', schema: Health } },
      handle: () => json({ status: 'healthy', plugins_loaded: plugins.list.length, version }),
    }),
    route({
      method: 'GET',
      path: '/v1/worker/health',
      summary: 'The workers are alive',
      answers: { 200: { description: 'As last heard', schema: WorkerHealth } },
      handle: () => {
        const { alive, lastHeartbeat } = worker();
        return json({ alive, last_heartbeat: lastHeartbeat === null ? null : isoTime(lastHeartbeat) });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/system',
      summary: 'The appliance at a glance, with a sentence for each thing that is not as it should be',
      answers: { 200: { description: 'As Socket.IO tells it', schema: SystemView } },
      handle: () => json(system()),
    }),
    route({
      method: 'GET',
      path: '/healthz',
      summary: 'Liveness, for supervisors',
      open: true,
      answers: { 200: { description: 'The daemon answers', content: 'text/plain' } },
      handle: () => text('ok\n', 'text/plain; charset=utf-8'),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      summary: 'Readiness, for supervisors',
      open: true,
      answers: {
        200: { description: 'Jobs can run', schema: Readiness },
        503: { description: 'Jobs cannot run, and why', schema: Readiness },
      },
      handle: () => {
        const reasons = unready();
        if (reasons.length === 0) return json({ status: 'ready', reasons });
        return json({ status: 'not ready', reasons }, { status: 503 });
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics for Prometheus',
      answers: { 200: { description: 'Text exposition format', content: 'text/plain' } },
      handle: async () => text(await registry.metrics(), registry.contentType),
    }),
  ];
}
