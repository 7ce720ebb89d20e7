// A real mosquitto for tests: its own folder, a free port, and the same port again after it was killed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Why tests with a real broker cannot run here, or undefined where they can. */
export const mosquittoMissing = spawnSync('mosquitto', ['-h']).error
  ? 'mosquitto is not installed (Debian: apt install mosquitto)'
  : undefined;

export interface TestBroker {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: clients see a reset, nothing is kept. */
  kill(): Promise<void>;
  /** On the same port, with nothing retained. */
  restart(): Promise<void>;
  /** SIGSTOP: its connections stay, and it says nothing until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Any free one unless told. */
  readonly port?: number;
  /** Of its configuration; without any, anybody may come in. */
  readonly lines?: readonly string[];
}

export async function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'vedette-broker-'));
  const { port = await freePort(), lines = ['allow_anonymous true'] } = options;
  const config = join(folder, 'mosquitto.conf');
  const settings = [`listener ${port} 127.0.0.1`, 'persistence false', 'log_dest stderr'];
  await writeFile(config, [...settings, ...lines, ''].join('\n'));
  let mosquitto = await launch(config);
  const kill = () => end(mosquitto);
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill();
      mosquitto = await launch(config);
    },
    freeze: () => void mosquitto.kill('SIGSTOP'),
    thaw: () => void mosquitto.kill('SIGCONT'),
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

async function launch(config: string): Promise<ChildProcess> {
  const mosquitto = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  for await (const line of createInterface(mosquitto.stderr)) {
    said.push(line);
    if (!line.endsWith(' running')) continue;
    mosquitto.stderr.resume(); // a full pipe would stop it
    return mosquitto;
  }
  throw new Error(`mosquitto did not start:\n${said.join('\n')}`);
}

/** Not by SIGTERM: mosquitto 2.0 ignores one that comes just before its main loop. */
async function end(mosquitto: ChildProcess): Promise<void> {
  if (mosquitto.exitCode !== null || mosquitto.signalCode !== null) return;
  const gone = once(mosquitto, 'exit');
  mosquitto.kill('SIGKILL');
  await gone;
}
