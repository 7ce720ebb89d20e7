// The appliance: its parts, opened in order; who needs whom can be read from top to bottom.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../contract/fault.ts';
import { type Log, maskUrl } from '../log.ts';
import { Activity } from './activity.ts';
import { makeBackups } from './backups-part.ts';
import { type Config, readVersion, root } from './config.ts';
import { openDoor } from './door-part.ts';
import { migrations, openFolders } from './folders.ts';
import { Lookout } from './jobs/lookout.ts';
import { makeJobs } from './jobs-part.ts';
import { makeKiosk } from './kiosk-part.ts';
import { makeLooker } from './looker-part.ts';
import { SelfCheck } from './health.ts';
import { chooseModel, modelRoutesOf, openModels, openModelSettings } from './models-part.ts';
import type { Parts } from './parts.ts';
import { JobSockets } from './publish/job-socket.ts';
import { Live } from './publish/live.ts';
import { EventStream } from './publish/stream.ts';
import { Pipelines } from './pipelines/pipelines.ts';
import { PluginCatalogue } from './plugins/catalogue.ts';
import { openPlugins } from './plugins-part.ts';
import { openPublishers } from './publishers-part.ts';
import { Pulse } from './pulse.ts';
import { JobStore } from './record/job-store.ts';
import { holdLock } from './record/lock.ts';
import { openRecord } from './record/open.ts';
import { Assignments } from './serve/assignment.ts';
import { kioskRoutes } from './serve/kiosk.ts';
import { openapiRoute } from './serve/openapi.ts';
import { cleanUploads } from './serve/upload.ts';
import { Web } from './serve/web.ts';
import { openKioskSettings } from './settings-part.ts';
import { makeStorage } from './storage-part.ts';
import type { System } from './system.ts';
import { makeSystem, makeSystemScreen, type SystemScreenOptions } from './system-part.ts';
import { Supervisor } from './systemd.ts';
import { openTransfers } from './transfers-part.ts';
import type { Room } from './transfers/downloads.ts';
import { watchedRoutes } from './watched-part.ts';
import { makeWaysIn } from './ways-in-part.ts';
import { makeWorkers, type WorkersPart } from './workers-part.ts';

/** Ready for jobs when it returns. What was opened until it throws is in `parts`, for the owner to close. */
export async function openAppliance(
  config: Config,
  log: Log,
  parts: Parts,
  outside: Pick<SystemScreenOptions, 'tail' | 'restart'>,
): Promise<void> {
  const boot = randomUUID();
  const version = readVersion();
  const folders = await openFolders(config.data);
  parts.add('lock', holdLock(folders.lock));
  const settings = await openKioskSettings(config, log);
  const now = () => settings.now;
  const door = await openDoor(config, log);
  const modelSettings = await openModelSettings(folders, now, log);
  const firstModel = chooseModel(config, folders, modelSettings, log);
  await cleanUploads(folders.uploads);

  const pulse = parts.add('pulse', new Pulse());
  const record = await openRecord({ ...folders, kept: config.storage.backups_kept, migrations, log });
  const database = parts.add('database', record.database);
  const stream = new EventStream({ log });
  const activity = parts.add('activity', new Activity(stream));

  const outsidePlugins = parts.add(
    'plugins',
    await openPlugins(config, {
      inspect: (place, signal) => inspectPlugin(place, signal),
      renew: () => workers.renew(),
      onChange: () => system.changed(),
      log,
    }),
  );
  const { workers, engine, inspectPlugin }: WorkersPart = await makeWorkers(config, {
    ...{ folders, now, plugins: () => outsidePlugins.paths },
    model: firstModel.place,
    onChange: () => {
      system.changed();
      if (!workers.fault) jobs.begin();
    },
    log,
  });
  parts.add('workers', workers);
  parts.add('engine build', engine);
  const onModelChange = () => system.changed();
  const models = parts.add(
    'models',
    await openModels(config, { folders, settings: modelSettings, workers, onChange: onModelChange, log }),
  );
  const store = new JobStore(database, (job) => webhooks.record(job));
  const lookout = new Lookout({ stream, log });
  const space: Room = {
    admit: (bytes, upload) => storage.disk.admit(bytes, upload),
    most: () => storage.disk.most(),
    release: (upload) => storage.disk.release(upload),
  };
  const transfers = parts.add('transfers', await openTransfers(config, { folders, space, log }));
  const jobs = parts.add(
    'jobs',
    makeJobs(config, {
      ...{ folders, store, stream, workers, models, lookout, carriers: transfers.carriers, now, log },
      plugins: outsidePlugins,
    }),
  );
  const backups = parts.add(
    'backups',
    makeBackups(config, { folders, database, onChange: () => system.changed(), log }),
  );
  const onDiskChange = () => system.changed();
  const storage = parts.add(
    'storage',
    await makeStorage(config, { folders, jobs, store, stream, onChange: onDiskChange, log }),
  );
  const snapshot = {
    system: () => system.view(),
    job: (id: string) => jobs.get(id),
    newest: (limit: number) => jobs.newest(limit),
  };
  const onChange = () => system.changed();
  const push = { parts, boot, stream, snapshot, database, folders, lookout, locked: door.gate.locked, onChange, log };
  const { mqtt, webhooks, redis } = await openPublishers(config, push);
  const told = { stream, workers, engine, models, storage, jobs, record, backups, mqtt };
  const system: System = makeSystem(config, {
    ...{ ...told, version, boot },
    others: [settings, door.operator, outsidePlugins, webhooks, redis],
  });

  const web = parts.add('web', new Web({ host: config.serve.host, port: config.serve.port, ...door, log }));
  const sockets = parts.add('job sockets', new JobSockets({ stream, snapshot }));
  const live = parts.add(
    'live',
    new Live({
      ...{ stream, snapshot, remote: redis.remote, mayOpen: door.mayOpen, mayConnect: door.mayConnect },
      onLookers: (on) => lookout.look(on),
      log,
    }),
  );
  let port = config.serve.port;
  const clients = () => live.clients() + sockets.clients();
  const screen = parts.add(
    'system screen',
    makeSystemScreen(config, {
      ...told,
      ...outside,
      folders,
      locked: door.gate.locked,
      port: () => port,
      clients,
      log,
    }),
  );
  const plugins = new PluginCatalogue(outsidePlugins);
  const pipelines = new Pipelines(config.book);
  const assignments = new Assignments({ plugins, pipelines, models });
  const kiosk = parts.add('kiosk', makeKiosk(config, { ...told, assignments, settings, door, folders, log }));
  const looking = parts.add(
    'looker',
    makeLooker(config, { workers, models, jobs, plugins, outside: outsidePlugins, log }),
  );
  const waysIn = makeWaysIn(config, {
    ...{
      parts,
      folders,
      database,
      store,
      stream,
      jobs,
      plugins,
      pipelines,
      assignments,
      transfers,
      mqtt,
      lookout,
      log,
    },
    ...{ imports: kiosk.imports, space: storage.disk },
  });
  const api = [
    ...waysIn.routes,
    ...looking.routes,
    ...modelRoutesOf(config, { models, workers, engine, jobs, folders, space: storage.disk, log }),
    ...screen.routes,
    ...kiosk.routes,
    ...watchedRoutes({
      ...{ version, stream, pulse, workers, jobs, system, plugins, outsidePlugins, activity, live, clients },
      ...{ mqtt, webhooks, redis, disk: storage.disk },
    }),
  ];
  web.route(
    ...api,
    openapiRoute(api, { version, locked: door.gate.locked }),
    ...(await kioskRoutes(join(root, 'ui/dist'))),
  );
  web.socket('/v1/ws/jobs/{job_id}', {
    opened: (socket, jobId) => sockets.opened(socket, jobId),
    received: (socket, message) => sockets.received(socket, message.toString()),
    closed: (socket) => sockets.closed(socket),
  });
  looking.attach(web);
  web.attach(live);

  await storage.open();
  await jobs.open();
  await waysIn.open();
  const loading = workers.open();
  loading.catch(() => undefined); // awaited below, when the port is open
  ({ port } = await web.listen());
  const host = config.serve.host.includes(':') ? `[${config.serve.host}]` : config.serve.host;
  log.info(
    { url: `http://${host}:${port}`, data: config.data, node: config.node, mqtt: maskUrl(mqtt.url) },
    'listening',
  );
  screen.open();
  storage.begin();
  webhooks.open();
  redis.open();
  models.begin();
  outsidePlugins.begin();

  // A model that cannot work is told by the exit code, before any job has failed for it. A worker that only died is followed.
  const ready = await loading.catch((fault: unknown) => {
    if (fault instanceof Fault && (fault.code === 'worker-died' || firstModel.chosenHere)) return null;
    throw fault;
  });
  const selfCheck = parts.add('self-check', new SelfCheck({ database, workers }));
  const supervisor = await Supervisor.open({
    ...config.supervisor,
    check: () => selfCheck.run(),
    log,
  });
  parts.add('supervisor', supervisor).ready();
  parts.add('farewell', {
    // Before the publishers close, so that everybody hears where the jobs stand.
    close: async () => {
      system.stopping();
      web.stopListening();
      await jobs.close();
    },
  });
  log.info({ model: ready?.model.name ?? firstModel.place.name, provider: ready?.model.provider }, 'ready for jobs');
  backups.open();
}
