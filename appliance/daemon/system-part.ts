// The appliance as it is told to others: at a glance, and on the System screen part by part.
import { networkInterfaces } from 'node:os';
import type { Log } from '../log.ts';
import { urlsOf } from './addresses.ts';
import { BackupDesk } from './backup-desk.ts';
import { type Config, isLoopback, root } from './config.ts';
import type { Folders } from './folders.ts';
import { reportHealth } from './health-report.ts';
import type { EngineBuild } from './jobs/engine-build.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { LogTail } from './log-tail.ts';
import { Machine } from './machine.ts';
import type { Models } from './models/models.ts';
import type { MqttPart } from './mqtt-part.ts';
import type { EventStream } from './publish/stream.ts';
import type { Backups } from './record/backups.ts';
import type { Route } from './serve/route.ts';
import { systemRoutes } from './serve/system-routes.ts';
import type { Storage } from './storage/storage.ts';
import { System } from './system.ts';
import { VitalsWatch } from './vitals.ts';

/** The parts that are told of. */
export interface ToldParts {
  readonly stream: EventStream;
  readonly workers: WorkerSupply;
  readonly engine: EngineBuild;
  readonly models: Models;
  readonly storage: Storage;
  readonly jobs: Jobs;
  /** What the operator must know of the database's opening. */
  readonly record: { readonly complaint: string | null };
  readonly backups: Backups;
  readonly mqtt: MqttPart;
}

/** `others`: what else may have to be told to people. */
export function makeSystem(
  config: Config,
  parts: ToldParts & { version: string; boot: string; others: readonly { readonly complaint: string | null }[] },
): System {
  const { version, boot, others, stream, workers, engine, models, storage, jobs, record, backups, mqtt } = parts;
  return new System({
    version,
    node: config.node,
    boot,
    stream,
    model: () => workers.card,
    building: () => engine.building,
    mqtt: () => mqtt.state,
    counts: () => jobs.counts,
    disk: () => storage.disk.view,
    complaints: [
      () => workers.fault?.message ?? null,
      () => models.complaint,
      () => storage.disk.complaint,
      () => jobs.complaint,
      () => record.complaint,
      () => backups.complaint,
      () => mqtt.complaint,
      ...others.map((part) => () => part.complaint),
    ],
  });
}

export interface SystemScreenOptions extends ToldParts {
  readonly folders: Folders;
  /** True where requests need a key. */
  readonly locked: boolean;
  /** As opened; asked when somebody asks for addresses. */
  readonly port: () => number;
  /** Live clients. */
  readonly clients: () => number;
  readonly tail: LogTail;
  /** Null where nothing would start the daemon again. */
  readonly restart: (() => void) | null;
  readonly log: Log;
}

export interface SystemScreen {
  readonly routes: readonly Route[];
  open(): void;
  close(): Promise<void>;
}

export function makeSystemScreen(config: Config, options: SystemScreenOptions): SystemScreen {
  const { stream, storage, folders, clients, tail, restart, log } = options;
  const reserve = () => storage.disk.view?.reserve_bytes ?? config.serve.disk_reserve_mb * 2 ** 20;
  const desk = new BackupDesk({ backups: options.backups, database: folders.database, reserve });
  const diskFree = () => storage.disk.numbers?.free ?? null;
  const vitals = new VitalsWatch({ machine: new Machine(), stream, diskFree, clients, log });
  const { host } = config.serve;
  const loopback = isLoopback(host);
  const addresses = () => ({
    urls: urlsOf({ host, port: options.port(), loopback }, networkInterfaces()),
    locked: options.locked,
  });
  const health = async () => {
    const { workers, engine, models, jobs, record, backups, mqtt } = options;
    const { fault, card } = workers;
    const { name } = workers.prepare.model;
    return reportHealth({
      worker: { fault, counts: jobs.counts },
      model: { name, card: card?.name === name ? card : null, building: engine.building, complaint: models.complaint },
      database: { rescued: record.complaint, unwritable: jobs.complaint },
      disk: { view: storage.disk.view, complaint: storage.disk.complaint },
      mqtt: { state: mqtt.state, url: mqtt.url, complaint: mqtt.complaint },
      backups: { wanted: backups.kept > 0, made: await desk.list(), complaint: backups.complaint },
      network: { ...addresses(), loopback },
      temperature: vitals.latest?.temperature_c ?? null,
    });
  };
  return {
    routes: systemRoutes({
      health,
      vitals: () => vitals.history,
      log: (query) => tail.newest(query),
      addresses,
      backups: desk,
      restart,
      root,
    }),
    open: () => {
      tail.follow((lines) => stream.emit({ kind: 'logged', lines }));
      vitals.open();
    },
    close: async () => {
      tail.close();
      await vitals.close();
    },
  };
}
