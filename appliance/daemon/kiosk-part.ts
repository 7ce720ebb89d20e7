// What the kiosk's Submit and Settings screens need beside jobs: sessions, the PIN, settings, videos from a stick.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Door } from './door-part.ts';
import type { Folders } from './folders.ts';
import { Imports } from './imports/imports.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { EventStream } from './publish/stream.ts';
import type { Backups } from './record/backups.ts';
import type { Assignments } from './serve/assignment.ts';
import { importRoutes } from './serve/import-routes.ts';
import { operatorRoutes } from './serve/operator-routes.ts';
import type { Route } from './serve/route.ts';
import { sessionRoutes } from './serve/session-routes.ts';
import { settingsRoutes } from './serve/settings-routes.ts';
import type { KioskSettings } from './settings/kiosk-settings.ts';
import type { Storage } from './storage/storage.ts';
import { storageLimits } from './storage-part.ts';

const megabyte = 1024 * 1024;

export interface KioskPartOptions {
  readonly settings: KioskSettings;
  readonly door: Door;
  readonly folders: Folders;
  readonly stream: EventStream;
  readonly jobs: Jobs;
  readonly assignments: Assignments;
  readonly storage: Storage;
  readonly backups: Backups;
  readonly log: Log;
}

export interface KioskPart {
  readonly routes: readonly Route[];
  readonly imports: Imports;
  close(): Promise<void>;
}

export function makeKiosk(config: Config, options: KioskPartOptions): KioskPart {
  const { settings, door, folders, stream, jobs, assignments, storage, log } = options;
  follow(options);
  const imports = new Imports({
    folders: config.imports,
    desk: jobs,
    stream,
    uploadsDir: folders.uploads,
    jobsDir: folders.jobs,
    maxBytes: config.serve.max_upload_mb * megabyte,
    space: storage.disk,
    log,
  });
  return {
    routes: [
      ...sessionRoutes(door),
      ...operatorRoutes(door),
      ...settingsRoutes({ settings, pin: () => door.operator.locked }),
      ...importRoutes({ imports, assignments }),
    ],
    imports,
    close: () => imports.close(),
  };
}

/** Those that do not ask the settings themselves are told. */
function follow({ settings, jobs, storage, backups, log }: KioskPartOptions): void {
  settings.follow((now) => {
    storage.set(storageLimits(now));
    backups.setKept(now.storage.backups_kept);
    jobs.limitsChanged();
    log.level = now.log;
  });
}
