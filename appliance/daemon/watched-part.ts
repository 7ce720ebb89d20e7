// What supervisors, monitors and operators ask of the appliance: health, metrics, plugins, webhooks.
import type { Activity } from './activity.ts';
import { workerObstacle, workerPulse, workerState } from './health.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import { openMetrics } from './metrics.ts';
import type { PluginCatalogue } from './plugins/catalogue.ts';
import type { Live } from './publish/live.ts';
import type { EventStream } from './publish/stream.ts';
import type { Publishers } from './publishers-part.ts';
import type { Pulse } from './pulse.ts';
import { healthRoutes } from './serve/health-routes.ts';
import { pluginRoutes, type PluginRoutesOptions } from './serve/plugin-routes.ts';
import type { Route } from './serve/route.ts';
import { webhookRoutes } from './serve/webhook-routes.ts';
import type { Disk } from './storage/disk.ts';
import type { System } from './system.ts';

interface Neighbours extends Publishers {
  readonly version: string;
  readonly stream: EventStream;
  readonly pulse: Pulse;
  readonly workers: WorkerSupply;
  readonly jobs: Jobs;
  readonly system: System;
  readonly plugins: PluginCatalogue;
  readonly outsidePlugins: NonNullable<PluginRoutesOptions['outside']>;
  readonly activity: Activity;
  readonly live: Live;
  /** Connected, of every kind. */
  readonly clients: () => number;
  readonly disk: Disk;
}

export function watchedRoutes(neighbours: Neighbours): Route[] {
  const { version, workers, jobs, system, plugins, outsidePlugins, activity, live, clients, disk } = neighbours;
  const { stream, pulse, mqtt, webhooks, redis } = neighbours;
  const registry = openMetrics({
    ...{ version, stream, pulse, disk },
    progressWrites: () => jobs.progressWrites,
    counts: () => jobs.counts,
    liveClients: clients,
    clientsCut: () => live.cut,
    previews: () => live.previews,
    outbox: () => mqtt.outbox,
    webhooks: () => webhooks.counts,
    redisDropped: () => redis.dropped,
  });
  return [
    ...pluginRoutes({
      plugins,
      outside: outsidePlugins,
      model: () => workers.card,
      pluginState: (id) => ({
        ...workerState(workers, jobs),
        ...activity.of(id),
        uptime_seconds: system.view().uptime_s,
      }),
    }),
    ...webhookRoutes(webhooks),
    ...healthRoutes({
      version,
      plugins,
      system: () => system.view(),
      worker: () => workerPulse(workers, jobs),
      unready: () => [workerObstacle(workers), disk.obstacle].filter((reason) => reason !== null),
      registry,
    }),
  ];
}
