// What the System screen asks for: health, vitals, log, addresses, backups, a restart, licences.
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  Addresses,
  BackupList,
  BackupView,
  Health,
  LogLine,
  LogTail,
  VitalsHistory,
} from '../../contract/system-api.ts';
import { type Answer, json, stream } from './answer.ts';
import { integer } from './mistakes.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export interface SystemRoutesOptions {
  readonly health: () => Promise<Health>;
  readonly vitals: () => VitalsHistory;
  readonly log: (query: { readonly limit: number; readonly level?: LogLine['level'] | undefined }) => LogLine[];
  readonly addresses: () => Addresses;
  readonly backups: {
    list(): Promise<BackupView[]>;
    /** Throws Fault 'busy', 'disk-full', 'database-unusable' or 'data-not-writable'. */
    make(): Promise<BackupView>;
  };
  /** Ends the daemon so that it is started again; null where nothing would start it. */
  readonly restart: (() => void) | null;
  /** Holds LICENSE and THIRD-PARTY.md. */
  readonly root: string;
}

const Restarting = z.object({ restarting: z.literal(true) });
const notRestarted =
  'Nothing would start Vedette again. Restart it where it was started: end it and start the command again, ' +
  'or, where it is a service, run: systemctl restart vedette';
const licences = ['LICENSE', 'THIRD-PARTY.md'] as const;

export function systemRoutes(options: SystemRoutesOptions): Route[] {
  const { health, vitals, log, addresses, backups, restart, root } = options;
  return [
    route({
      method: 'GET',
      path: '/v1/system/health',
      summary: 'How each part fares, as a sentence with its remedy; it may be new whenever Socket.IO tells `system`',
      answers: { 200: { description: 'One entry a part', schema: Health } },
      handle: async () => json(await health()),
    }),
    route({
      method: 'GET',
      path: '/v1/system/vitals',
      summary: 'The last hour of machine and daemon; Socket.IO tells what comes after it as `vitals`',
      answers: { 200: { description: 'Oldest first', schema: VitalsHistory } },
      handle: () => json(vitals()),
    }),
    route({
      method: 'GET',
      path: '/v1/system/log',
      summary: "The newest lines of the daemon's log, without secrets; Socket.IO tells what comes after them as `log`",
      query: z.object({ limit: integer(1, 500).default(200), level: LogLine.shape.level.optional() }),
      answers: {
        200: { description: 'Oldest first; with `level` only those that are at least so grave', schema: LogTail },
      },
      handle: ({ query }) => json({ lines: log(query) } satisfies LogTail),
    }),
    route({
      method: 'GET',
      path: '/v1/system/addresses',
      summary: 'Where other devices reach the kiosk',
      answers: {
        200: { description: 'The likeliest first; none while it listens to this machine alone', schema: Addresses },
      },
      handle: () => json(addresses()),
    }),
    route({
      method: 'GET',
      path: '/v1/system/backups',
      summary: 'Backups of the database',
      answers: { 200: { description: 'Newest first', schema: BackupList } },
      handle: async () => json({ backups: await backups.list() } satisfies BackupList),
    }),
    route({
      method: 'POST',
      path: '/v1/system/backup',
      summary: 'Back up the database now',
      operator: true,
      answers: {
        200: { description: 'What was made', schema: BackupView },
        429: { description: 'One is being made', schema: Detail },
        503: { description: 'It could not be made', schema: Detail },
        507: { description: 'The disk has no room for it', schema: Detail },
      },
      handle: async () => json(await backups.make()),
    }),
    route({
      method: 'POST',
      path: '/v1/system/restart',
      summary: 'Restart the daemon; running jobs go on where they were',
      operator: true,
      answers: {
        202: { description: 'It ends now and is back in seconds', schema: Restarting },
        409: { description: 'Nothing would start it again', schema: Detail },
      },
      handle: () => {
        if (!restart) return json({ detail: notRestarted }, { status: 409 });
        restart();
        return json({ restarting: true } satisfies z.infer<typeof Restarting>, { status: 202 });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/licences',
      summary: 'The licence of Vedette, and those of what it is made with',
      answers: {
        200: { description: 'Text', content: 'text/plain' },
        404: { description: 'They are not in this installation', schema: Detail },
      },
      handle: () => licencesIn(root),
    }),
  ];
}

async function licencesIn(root: string): Promise<Answer> {
  const paths = licences.map((name) => join(root, name));
  const there = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  const found = paths.filter((_, at) => there[at]);
  if (found.length === 0) return json({ detail: 'This installation holds no licence texts.' }, { status: 404 });
  return stream(whole(found), 'text/plain; charset=utf-8');
}

async function* whole(paths: readonly string[]): AsyncGenerator<Uint8Array | string> {
  for (const path of paths) {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
    yield '\n';
  }
}
