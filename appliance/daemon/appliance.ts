// The appliance: its parts, opened in order; who needs whom can be read from top to bottom.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Fault } from '../contract/fault.ts';
import { type Log, maskUrl } from '../log.ts';
import { Activity } from './activity.ts';
import { makeBackups } from './backups-part.ts';
import { type Config, isLoopback, readVersion, root } from './config.ts';
import { migrations, openFolders } from './folders.ts';
import { makeJobs } from './jobs-part.ts';
import { selfCheck, workerObstacle, workerPulse, workerState } from './health.ts';
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
import { Results } from './results/results.ts';
import { Gate } from './serve/gate.ts';
import { healthRoutes } from './serve/health-routes.ts';
import { imageRoutes } from './serve/image-routes.ts';
import { jobRoutes } from './serve/job-routes.ts';
import { kioskRoutes } from './serve/kiosk.ts';
import { openapiRoute } from './serve/openapi.ts';
import { pluginRoutes } from './serve/plugin-routes.ts';
import { Tus } from './serve/tus.ts';
import { tusRoutes } from './serve/tus-routes.ts';
import { cleanUploads, resumableFolder, Uploads } from './serve/upload.ts';
import { videoRoutes } from './serve/video-routes.ts';
import { Web } from './serve/web.ts';
import { makeStorage } from './storage-part.ts';
import { System } from './system.ts';
import { Supervisor } from './systemd.ts';
import { makeWorkers, type WorkersPart } from './workers-part.ts';

const megabyte = 1024 * 1024;

/** Ready for jobs when it returns. What was opened until it throws is in `parts`, for the owner to close. */
export async function openAppliance(config: Config, log: Log, parts: Parts): Promise<void> {
  const boot = randomUUID();
  const version = readVersion();
  const folders = await openFolders(config.data);
  parts.add('lock', holdLock(folders.lock));
  const modelSettings = await openModelSettings(config, folders, log);
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
  const jobs = parts.add('jobs', makeJobs(config, { folders, store, stream, workers, models, log }));
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
  const system: System = new System({
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
    ],
  });

  const gate = new Gate({
    keyHashes: config.auth === 'open' ? [] : config.auth.keys.map((key) => key.sha256),
    open: config.auth === 'open',
    allowedOrigins: config.serve.allowed_origins,
    loopback: isLoopback(config.serve.host),
  });
  const web = parts.add('web', new Web({ host: config.serve.host, port: config.serve.port, gate, log }));
  const sockets = parts.add('job sockets', new JobSockets({ stream, snapshot }));
  const live = parts.add(
    'live',
    new Live({
      stream,
      snapshot,
      mayOpen: (caller) => gate.mayOpen(caller),
      mayConnect: (caller) => gate.mayConnect(caller),
      log,
    }),
  );
  const registry = openMetrics({
    version,
    stream,
    pulse,
    progressWrites: () => jobs.progressWrites,
    counts: () => jobs.counts,
    liveClients: () => live.clients() + sockets.clients(),
    clientsCut: () => live.cut,
    outbox: () => mqtt.outbox,
    disk: storage.disk,
  });
  const uploads = new Uploads({
    uploadsDir: folders.uploads,
    jobsDir: folders.jobs,
    maxBytes: config.serve.max_upload_mb * megabyte,
    space: storage.disk,
    log,
  });
  const tus = parts.add(
    'tus',
    new Tus({
      desk: jobs,
      uploads,
      folder: join(folders.uploads, resumableFolder),
      jobsDir: folders.jobs,
      maxBytes: config.serve.max_upload_mb * megabyte,
      space: storage.disk,
      log,
    }),
  );
  const results = new Results({ jobsDir: folders.jobs });
  const api = [
    ...videoRoutes({ desk: jobs, uploads, results }),
    ...imageRoutes({ desk: jobs, uploads }),
    ...tusRoutes(tus),
    ...jobRoutes({ desk: jobs, results }),
    ...pluginRoutes({
      model: () => workers.card,
      pluginState: (id) => ({
        ...workerState(workers, jobs),
        ...activity.of(id),
        uptime_seconds: system.view().uptime_s,
      }),
    }),
    ...modelRoutesOf(config, { models, workers, engine, space: storage.disk, log }),
    ...healthRoutes({
      version,
      system: () => system.view(),
      worker: () => workerPulse(workers, jobs),
      unready: () => [workerObstacle(workers), storage.disk.obstacle].filter((reason) => reason !== null),
      registry,
    }),
  ];
  web.route(...api, openapiRoute(api, { version, locked: gate.locked }), ...(await kioskRoutes(join(root, 'ui/dist'))));
  web.socket('/v1/ws/jobs/{job_id}', {
    opened: (socket, jobId) => sockets.opened(socket, jobId),
    received: (socket, text) => sockets.received(socket, text),
    closed: (socket) => sockets.closed(socket),
  });
  web.attach(live);

  await storage.open();
  await jobs.open();
  await tus.open();
  const loading = workers.open();
  loading.catch(() => undefined); // awaited below, when the port is open
  const { port } = await web.listen();
  const host = config.serve.host.includes(':') ? `[${config.serve.host}]` : config.serve.host;
  log.info(
    { url: `http://${host}:${port}`, data: config.data, node: config.node, mqtt: maskUrl(mqtt.url) },
    'listening',
  );
  storage.begin();
  models.begin();

  // A model that cannot work is told by the exit code, before any job has failed for it. A worker that only died is followed.
  const ready = await loading.catch((fault: unknown) => {
    if (fault instanceof Fault && (fault.code === 'worker-died' || firstModel.chosenHere)) return null;
    throw fault;
  });
  const supervisor = await Supervisor.open({
    ...config.supervisor,
    check: () => selfCheck({ pulse, database, workers }),
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
