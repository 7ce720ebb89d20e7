// A daemon's upload side in a process of its own, so that a test can watch its memory: argument 1 is its folder.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Gate } from '../../appliance/daemon/serve/gate.ts';
import { Uploads } from '../../appliance/daemon/serve/upload.ts';
import { videoRoutes } from '../../appliance/daemon/serve/video-routes.ts';
import { Web } from '../../appliance/daemon/serve/web.ts';
import { MemoryDesk } from './memory-desk.ts';
import { ModelShelf } from './model-shelf.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';

const folder = process.argv[2] ?? '';
const [jobsDir, uploadsDir] = [join(folder, 'jobs'), join(folder, 'uploads')];
mkdirSync(jobsDir);
mkdirSync(uploadsDir);
const log = pino({ level: 'silent' });
const gate = new Gate({ keyHashes: [], open: false, allowedOrigins: [], loopback: true });
const web = new Web({ host: '127.0.0.1', port: 0, gate, log });
const uploads = new Uploads({
  uploadsDir,
  jobsDir,
  maxBytes: 4e9,
  space: { admit: () => Promise.resolve(), release: () => undefined },
  log,
});
const desk = new MemoryDesk(jobsDir);
const assignments = new Assignments({
  plugins: new PluginCatalogue(),
  pipelines: new Pipelines(),
  models: new ModelShelf(),
});
web.route(...videoRoutes({ desk, uploads, assignments, results: new Results({ jobsDir }) }));
const { port } = await web.listen();

let peak = 0;
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5).unref();
process.on('message', () => {
  process.send?.({ peak, stalledMs: delay.max / 1e6 });
  peak = process.memoryUsage.rss();
  delay.reset();
});
process.on('disconnect', () => process.exit());
process.send?.({ port });
