// A real redis-server for tests: nothing of it on the disk, a free port, and the same port again after it was killed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from './broker.ts';

/** Why tests with a real Redis cannot run here, or undefined where they can. */
export const redisMissing = spawnSync('redis-server', ['--version']).error
  ? 'redis-server is not installed (Debian: apt install redis-server)'
  : undefined;

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: clients see a reset, nothing is kept. */
  kill(): Promise<void>;
  /** On the same port, empty. */
  restart(): Promise<void>;
}

/** Ended by `kill`. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  let redis = await launch(settings);
  const kill = async () => {
    if (redis.exitCode !== null || redis.signalCode !== null) return;
    const gone = once(redis, 'exit');
    redis.kill('SIGKILL');
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill();
      redis = await launch(settings);
    },
  };
}

async function launch(settings: readonly string[]): Promise<ChildProcess> {
  const redis = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(redis.stdout)) {
    if (!line.includes('Ready to accept connections')) continue;
    redis.stdout.resume(); // a full pipe would stop it
    return redis;
  }
  throw new Error('redis-server did not start');
}
