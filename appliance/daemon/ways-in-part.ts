// The ways in which jobs come: uploads, URLs, folders of the machine, MQTT commands, programs outside. One desk behind all.
import type { SubmitUrlRequest } from '../contract/submit-api.ts';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Imports } from './imports/imports.ts';
import { makeJobRoutes } from './job-routes-part.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Lookout } from './jobs/lookout.ts';
import { makeMqttDesk } from './mqtt-desk-part.ts';
import type { MqttPart } from './mqtt-part.ts';
import { makeOutside } from './outside-part.ts';
import type { Parts } from './parts.ts';
import type { Pipelines } from './pipelines/pipelines.ts';
import type { PluginCatalogue } from './plugins/catalogue.ts';
import type { EventStream } from './publish/stream.ts';
import type { Database } from './record/database.ts';
import type { JobStore } from './record/job-store.ts';
import type { Assignments } from './serve/assignment.ts';
import { pipelineRoutes } from './serve/pipeline-routes.ts';
import type { Route } from './serve/route.ts';
import { UrlIntake } from './serve/url-intake.ts';
import { urlRoutes } from './serve/url-routes.ts';
import type { Disk } from './storage/disk.ts';
import type { TransfersPart } from './transfers-part.ts';

interface Neighbours {
  readonly parts: Parts;
  readonly folders: Folders;
  readonly database: Database;
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly jobs: Jobs;
  readonly plugins: PluginCatalogue;
  readonly pipelines: Pipelines;
  readonly assignments: Assignments;
  readonly transfers: TransfersPart;
  readonly imports: Imports;
  readonly mqtt: MqttPart;
  readonly lookout: Lookout;
  readonly space: Disk;
  readonly log: Log;
}

export interface WaysIn {
  readonly routes: readonly Route[];
  /** Takes up what an earlier daemon left, before anybody can ask. */
  open(): Promise<void>;
}

export function makeWaysIn(config: Config, neighbours: Neighbours): WaysIn {
  const { parts, jobs, store, stream, pipelines, assignments, transfers, imports, mqtt, log } = neighbours;
  const work = makeJobRoutes(config, neighbours);
  parts.add('tus', work.tus);
  parts.add('uploaded videos', work.inputs);
  const outside = parts.add('outside jobs', makeOutside(config, { jobs, store, stream, pipelines, log }));
  const intake = new UrlIntake({ desk: jobs, assignments, checkUrl: (url) => transfers.checkUrl(url) });
  const submitUrl = (request: SubmitUrlRequest) => intake.command(request);
  mqtt.serve(makeMqttDesk(config.mqtt, { jobs, assignments, imports, submitUrl }));
  return {
    routes: [...work.routes, ...urlRoutes(intake), ...pipelineRoutes(pipelines), ...outside.routes],
    open: async () => {
      outside.open();
      await work.tus.open();
      await work.inputs.open();
    },
  };
}
