// Pictures that are looked at now: the worker that stays for them, live streams, single questions.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { PluginPlaces } from './jobs/job-terms.ts';
import { Looker } from './jobs/looker.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { Models } from './models/models.ts';
import type { PluginCatalogue } from './plugins/catalogue.ts';
import { mostDocumentBytes } from './serve/cut-picture.ts';
import { pluginRunRoutes } from './serve/plugin-run-routes.ts';
import type { Route } from './serve/route.ts';
import { StreamSockets } from './serve/stream-socket.ts';
import type { Web } from './serve/web.ts';

export interface LookerPartOptions {
  readonly workers: WorkerSupply;
  readonly models: Models;
  readonly jobs: Jobs;
  readonly plugins: PluginCatalogue;
  /** Where those from outside lie. */
  readonly outside: PluginPlaces;
  readonly log: Log;
}

export interface LookerPart {
  readonly routes: readonly Route[];
  /** Its sockets. */
  attach(web: Web): void;
  close(): void;
}

export function makeLooker(
  config: Config,
  { workers, models, jobs, plugins, outside, log }: LookerPartOptions,
): LookerPart {
  const looker = new Looker({
    workers,
    plugins: outside,
    detection: (card) => models.detection(card),
    idle: () => jobs.counts.running + jobs.counts.pending === 0,
    log,
  });
  const streams = new StreamSockets({ looker, plugins, most: config.serve.max_streams, log });
  return {
    routes: pluginRunRoutes({ looker, plugins }),
    attach: (web) => {
      web.socket('/v1/stream', {
        opened: (socket, _, query) => streams.opened(socket, query),
        received: (socket, message) => streams.received(socket, message),
        closed: (socket) => streams.closed(socket),
        mostBytes: mostDocumentBytes,
      });
    },
    close: () => {
      streams.close();
      looker.close();
    },
  };
}
