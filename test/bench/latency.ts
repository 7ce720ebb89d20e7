// How soon a client sees something: from the last uploaded byte to the first frame, and from start to healthy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../support/broker.ts';
import { Appliance } from './appliance.ts';
import { atMost, type Figure, runs } from './figures.ts';

export async function firstProgress(video: string): Promise<Figure[]> {
  const ready: number[] = [];
  const cold: number[] = [];
  for (let run = 0; run < runs; run++) {
    const appliance = await Appliance.start();
    ready.push((await appliance.run(video)).firstProgressMs);
    cold.push((await appliance.run(video, { beforeLastByte: () => appliance.killWorkers() })).firstProgressMs);
    await appliance.stop();
  }
  return [
    atMost('first progress after the last uploaded byte, spare ready', ready, 150, 'ms'),
    atMost('first progress after the last uploaded byte, cold', cold, 1500, 'ms'),
  ];
}

export async function startToHealthy(): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const folder = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
    const port = await freePort();
    const started = performance.now();
    const child = spawn(process.execPath, ['dist/daemon/main.js'], {
      stdio: 'ignore',
      env: {
        // eslint-disable-next-line no-restricted-properties -- the child needs a PATH
        PATH: process.env['PATH'],
        VEDETTE_CONFIG: '/dev/null',
        VEDETTE_DATA: folder,
        VEDETTE_PORT: String(port),
        VEDETTE_MQTT_URL: 'embedded:0',
      },
    });
    while (!(await answers(`http://127.0.0.1:${port}/v1/health`))) await wait(5);
    times.push(performance.now() - started);
    child.kill('SIGTERM');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
  return atMost('`dist` start to healthy', times, 1000, 'ms');
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false, // it does not listen yet
  );
}
