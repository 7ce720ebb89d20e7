// The daemon: opens its parts in order, closes them in reverse.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Log, maskUrl, openLog } from '../log.ts';
import { Activity } from './activity.ts';
import { type Config, isLoopback, readConfig, readVersion, root } from './config.ts';
import { bugExit, explain } from './exit.ts';
import { findModel, openFolders } from './folders.ts';
import { Jobs } from './jobs/jobs.ts';
import { WorkerSupply } from './jobs/worker-supply.ts';
import { selfCheck, workerState } from './health.ts';
import { openMetrics } from './metrics.ts';
import { openMqtt } from './mqtt-part.ts';
import { Parts } from './parts.ts';
import { JobSockets } from './publish/job-socket.ts';
import { Live } from './publish/live.ts';
import { EventStream } from './publish/stream.ts';
import { Pulse } from './pulse.ts';
import { openDatabase } from './record/database.ts';
import { JobStore } from './record/job-store.ts';
import { holdLock } from './record/lock.ts';
import { Results } from './results/results.ts';
import { Gate } from './serve/gate.ts';
import { healthRoutes } from './serve/health-routes.ts';
import { jobRoutes } from './serve/job-routes.ts';
import { kioskRoutes } from './serve/kiosk.ts';
import { openapiRoute } from './serve/openapi.ts';
import { pluginRoutes } from './serve/plugin-routes.ts';
import { cleanUploads, Uploads } from './serve/upload.ts';
import { videoRoutes } from './serve/video-routes.ts';
import { Web } from './serve/web.ts';
import { System } from './system.ts';
import { Supervisor } from './systemd.ts';

const megabyte = 1024 * 1024;

async function open(config: Config, log: Log, parts: Parts): Promise<void> {
  const boot = randomUUID();
  const version = readVersion();
  const modelPath = findModel(config.model);
  const folders = await openFolders(config.data);
  parts.add('lock', holdLock(folders.lock));
  await cleanUploads(folders.uploads);

  const pulse = parts.add('pulse', new Pulse());
  const database = parts.add('database', openDatabase(folders.database, join(root, 'migrations')));
  const stream = new EventStream({ log });
  const activity = parts.add('activity', new Activity(stream));

  const workers = parts.add(
    'workers',
    new WorkerSupply({
      entry: new URL(`../worker/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
      prepare: {
        type: 'prepare',
        model: { name: config.model.name, path: modelPath },
        providers: config.model.providers,
        threads: config.model.threads,
      },
      // TensorRT may build an engine first.
      readyMs: 600_000,
      graceMs: 2000,
      onChange: () => {
        system.changed();
        if (!workers.fault) jobs.begin();
      },
      log,
    }),
  );
  const stallMs = config.jobs.stall_s * 1000;
  const jobs = parts.add(
    'jobs',
    new Jobs({
      store: new JobStore(database),
      stream,
      workers,
      folder: folders.jobs,
      // The worker notices a stalled pipeline itself; the daemon's patience ends a little later.
      limits: { running: config.jobs.running, queue: config.jobs.queue, stallMs, hangMs: stallMs + 5000 },
      detection: { confidence: config.model.confidence, iou: config.model.iou },
      log,
    }),
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
    mqtt: () => mqtt.state,
    counts: () => jobs.counts,
    disk: () => null,
    complaints: [() => workers.fault?.message ?? null, () => jobs.complaint, () => mqtt.complaint],
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
    outbox: () => mqtt.outbox,
  });
  const uploads = new Uploads({
    uploadsDir: folders.uploads,
    jobsDir: folders.jobs,
    maxBytes: config.serve.max_upload_mb * megabyte,
    reserveBytes: config.serve.disk_reserve_mb * megabyte,
    log,
  });
  const results = new Results({ jobsDir: folders.jobs });
  const api = [
    ...videoRoutes({ desk: jobs, uploads, results }),
    ...jobRoutes({ desk: jobs, results }),
    ...pluginRoutes({
      model: () => workers.card,
      pluginState: (id) => ({
        ...workerState(workers, jobs),
        ...activity.of(id),
        uptime_seconds: system.view().uptime_s,
      }),
    }),
    ...healthRoutes({
      version,
      // A spare that waits says nothing; its process is there.
      worker: () => ({
        alive: workers.fault === null,
        lastHeartbeat: jobs.counts.running === 0 && workers.stocked ? Date.now() : workers.heardAt,
      }),
      unready: () => {
        if (workers.fault) return [workers.fault.message];
        return workers.card ? [] : ['No worker has loaded the model yet'];
      },
      registry,
    }),
  ];
  web.route(...api, openapiRoute(api, { version, locked: gate.locked }), ...(await kioskRoutes(join(root, 'ui/dist'))));
  web.socket('/v1/ws/jobs/{job_id}', {
    opened: (socket, jobId) => sockets.opened(socket, jobId),
    received: (socket, text) => sockets.received(socket, text),
    closed: (socket) => sockets.closed(socket),
  });
  web.attach(live.server);

  jobs.open();
  const loading = workers.open();
  loading.catch(() => undefined); // awaited below, when the port is open
  const { port } = await web.listen();
  const host = config.serve.host.includes(':') ? `[${config.serve.host}]` : config.serve.host;
  log.info(
    { url: `http://${host}:${port}`, data: config.data, node: config.node, mqtt: maskUrl(mqtt.url) },
    'listening',
  );

  // A model that cannot work is told by the exit code, before any job has failed for it.
  const { model } = await loading;
  const supervisor = await Supervisor.open({
    ...config.supervisor,
    check: () => selfCheck({ pulse, database, workers }),
    log,
  });
  parts.add('supervisor', supervisor).ready();
  parts.add('farewell', {
    close: () => {
      system.stopping();
      web.stopListening();
      jobs.hold();
    },
  });
  log.info({ model: model.name, provider: model.provider }, 'ready for jobs');
}

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    process.exit(explain(error));
  }
  const log = openLog(config.log, 'vedette');
  const parts = new Parts(log);
  const leaving = new AbortController();
  const leave = async (code: number) => {
    if (leaving.signal.aborted) return;
    leaving.abort();
    await parts.close();
    process.exit(code);
  };
  process.once('uncaughtException', (err) => {
    log.fatal({ err }, 'daemon failed by a bug');
    process.exit(bugExit);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void leave(0);
    });
  }
  // The command line and `npm run dev` start the daemon with a channel to it: it ends with them, however they end.
  const leaveToo = () => {
    log.info({ signal: 'disconnect' }, 'stopping');
    void leave(0);
  };
  process.once('disconnect', leaveToo);
  if (process.send && !process.connected) leaveToo(); // they ended before anybody here could hear it
  try {
    await open(config, log, parts);
  } catch (error) {
    if (leaving.signal.aborted) return; // a part that was still opening has been closed under it
    const code = explain(error);
    log.fatal({ code, err: error }, 'daemon cannot start');
    await leave(code);
  }
}

await main();
