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
import { makeJobRoutes } from './job-routes-part.ts';
import { makeJobs } from './jobs-part.ts';
import { makeKiosk } from './kiosk-part.ts';
import { SelfCheck, workerObstacle, workerPulse, workerState } from './health.ts';
import { openMetrics } from './metrics.ts';
import { chooseModel, modelRoutesOf, openModels, openModelSettings } from './models-part.ts';
import { openMqtt } from './mqtt-part.ts';
import type { Parts } from './parts.ts';
import { JobSockets } from './publish/job-socket.ts';
import { Live } from './publish/live.ts';
import { EventStream } from './publish/stream.ts';
import { Pulse } from './pulse.ts';
import { JobStore } from './record/job-store.ts';
import { holdLock } from './record/lock.ts';
import { openRecord } from './record/open.ts';
import { RemovedTopics } from './record/removed-topics.ts';
import { healthRoutes } from './serve/health-routes.ts';
import { kioskRoutes } from './serve/kiosk.ts';
import { openapiRoute } from './serve/openapi.ts';
import { pluginRoutes } from './serve/plugin-routes.ts';
import { cleanUploads } from './serve/upload.ts';
import { Web } from './serve/web.ts';
import { openKioskSettings } from './settings-part.ts';
import { makeStorage } from './storage-part.ts';
import type { System } from './system.ts';
import { makeSystem, makeSystemScreen, type SystemScreenOptions } from './system-part.ts';
import { Supervisor } from './systemd.ts';
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

  const { workers, engine }: WorkersPart = await makeWorkers(config, {
    folders,
    model: firstModel.place,
    now,
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
  const store = new JobStore(database);
  const lookout = new Lookout({ stream, log });
  const jobs = parts.add('jobs', makeJobs(config, { folders, store, stream, workers, models, lookout, now, log }));
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
  const mqtt = parts.add(
    'mqtt',
    await openMqtt(config.mqtt, {
      node: config.node,
      boot,
      stream,
      snapshot,
      removed: new RemovedTopics(database),
      onStateChange: () => system.changed(),
      log,
    }),
  );
  const told = { stream, workers, engine, models, storage, jobs, record, backups, mqtt };
  const system: System = makeSystem(config, { ...told, version, boot, others: [settings, door.operator] });

  const web = parts.add('web', new Web({ host: config.serve.host, port: config.serve.port, ...door, log }));
  const sockets = parts.add('job sockets', new JobSockets({ stream, snapshot }));
  const live = parts.add(
    'live',
    new Live({
      ...{ stream, snapshot, mayOpen: door.mayOpen, mayConnect: door.mayConnect },
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
  const kiosk = parts.add('kiosk', makeKiosk(config, { ...told, settings, door, folders, log }));
  const registry = openMetrics({
    version,
    stream,
    pulse,
    progressWrites: () => jobs.progressWrites,
    counts: () => jobs.counts,
    liveClients: clients,
    clientsCut: () => live.cut,
    previews: () => live.previews,
    outbox: () => mqtt.outbox,
    disk: storage.disk,
  });
  const work = makeJobRoutes(config, { folders, database, jobs, models, lookout, space: storage.disk, log });
  parts.add('tus', work.tus);
  const api = [
    ...work.routes,
    ...pluginRoutes({
      model: () => workers.card,
      pluginState: (id) => ({
        ...workerState(workers, jobs),
        ...activity.of(id),
        uptime_seconds: system.view().uptime_s,
      }),
    }),
    ...modelRoutesOf(config, { models, workers, engine, jobs, folders, space: storage.disk, log }),
    ...screen.routes,
    ...kiosk.routes,
    ...healthRoutes({
      version,
      system: () => system.view(),
      worker: () => workerPulse(workers, jobs),
      unready: () => [workerObstacle(workers), storage.disk.obstacle].filter((reason) => reason !== null),
      registry,
    }),
  ];
  web.route(
    ...api,
    openapiRoute(api, { version, locked: door.gate.locked }),
    ...(await kioskRoutes(join(root, 'ui/dist'))),
  );
  web.socket('/v1/ws/jobs/{job_id}', {
    opened: (socket, jobId) => sockets.opened(socket, jobId),
    received: (socket, text) => sockets.received(socket, text),
    closed: (socket) => sockets.closed(socket),
  });
  web.attach(live);

  await storage.open();
  await jobs.open();
  await work.tus.open();
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
  models.begin();

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
