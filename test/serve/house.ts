// A whole web server on a free port: every route of the appliance, real files, and a desk in memory as the other side.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Gate, type GateOptions } from '../../appliance/daemon/serve/gate.ts';
import { healthRoutes } from '../../appliance/daemon/serve/health-routes.ts';
import { imageRoutes } from '../../appliance/daemon/serve/image-routes.ts';
import { jobRoutes } from '../../appliance/daemon/serve/job-routes.ts';
import { kioskRoutes } from '../../appliance/daemon/serve/kiosk.ts';
import { openapiRoute } from '../../appliance/daemon/serve/openapi.ts';
import { pluginRoutes } from '../../appliance/daemon/serve/plugin-routes.ts';
import { productRoutes } from '../../appliance/daemon/serve/product-routes.ts';
import type { Route } from '../../appliance/daemon/serve/route.ts';
import { Tus, type TusOptions } from '../../appliance/daemon/serve/tus.ts';
import { tusRoutes } from '../../appliance/daemon/serve/tus-routes.ts';
import { cleanUploads, resumableFolder, Uploads, type UploadsOptions } from '../../appliance/daemon/serve/upload.ts';
import { videoRoutes } from '../../appliance/daemon/serve/video-routes.ts';
import { Web, type WebOptions } from '../../appliance/daemon/serve/web.ts';
import { tempData } from '../support/temp-data.ts';
import { systemView } from '../ui/job-item.ts';
import { MemoryDesk } from './memory-desk.ts';
import { ModelShelf } from './model-shelf.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';

export const log = pino({ level: 'silent' });

export const openGate: GateOptions = { keyHashes: [], open: false, allowedOrigins: [], loopback: true };

export interface HouseOptions {
  readonly gate?: Partial<GateOptions>;
  readonly web?: Partial<WebOptions>;
  readonly uploads?: Partial<UploadsOptions>;
  readonly tus?: Partial<TusOptions>;
  /** With what is there already. */
  readonly folder?: string;
  readonly routes?: readonly Route[];
  readonly kioskDir?: string;
  readonly unready?: readonly string[];
}

export async function openWeb(routes: readonly Route[], options: HouseOptions = {}) {
  const gate = new Gate({ ...openGate, ...options.gate });
  const web = new Web({ host: '127.0.0.1', port: 0, gate, log, ...options.web });
  web.route(...routes);
  onTestFinished(() => web.close());
  const { port } = await web.listen();
  return { web, port, url: `http://127.0.0.1:${port}` };
}

export async function openHouse(options: HouseOptions = {}) {
  const folder = options.folder ?? tempData();
  const jobsDir = join(folder, 'jobs');
  const uploadsDir = join(folder, 'uploads');
  mkdirSync(jobsDir, { recursive: true });
  await cleanUploads(uploadsDir);
  const desk = new MemoryDesk(jobsDir);
  const results = new Results({ jobsDir });
  const limits = { maxBytes: 64 * 1024 * 1024, space: { admit: () => Promise.resolve(), release: () => undefined } };
  const uploads = new Uploads({ uploadsDir, jobsDir, log, ...limits, ...options.uploads });
  const plugins = new PluginCatalogue();
  const assignments = new Assignments({ plugins, pipelines: new Pipelines(), models: new ModelShelf() });
  const tus = new Tus({
    desk,
    uploads,
    assignments,
    folder: join(uploadsDir, resumableFolder),
    jobsDir,
    log,
    ...limits,
    ...options.tus,
  });
  onTestFinished(() => tus.close());
  const registry = new Registry();
  const state = { state: 'ready' as const, reason: null, uptime_seconds: 5, last_used: null };
  const counts = { success_count: 0, error_count: 0, last_execution_time_ms: null, avg_execution_time_ms: null };
  const api = [
    ...videoRoutes({ desk, uploads, assignments, results }),
    ...imageRoutes({ desk, uploads, assignments }),
    ...tusRoutes(tus),
    ...jobRoutes({ desk, results }),
    ...productRoutes({ desk, results }),
    ...pluginRoutes({ plugins, pluginState: () => ({ ...state, ...counts }), model: () => null }),
    ...healthRoutes({
      version: '9.9.9',
      plugins,
      system: () => systemView(),
      worker: () => ({ alive: true, lastHeartbeat: 1_700_000_000_000 }),
      unready: () => options.unready ?? [],
      registry,
    }),
    ...(options.routes ?? []),
  ];
  const kiosk = await kioskRoutes(options.kioskDir ?? join(folder, 'no-kiosk'));
  const routes = [...api, openapiRoute(api, { version: '9.9.9', locked: false }), ...kiosk];
  await tus.open();
  return { folder, jobsDir, uploadsDir, desk, registry, routes, ...(await openWeb(routes, options)) };
}

export async function read(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const answer = await fetch(url, init);
  const body: unknown = await answer.json();
  return { status: answer.status, body, headers: answer.headers };
}
