// The doctor's checks: each looks at one thing of this machine and says what it found, and the remedy.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { encoderElements, gstreamerElements, soundElements } from '../contract/elements.ts';
import { Client } from './client.ts';
import type { Environment } from './environment.ts';
import type { Finding } from './finding.ts';
import { isolationEntry, root } from './installation.ts';
import { providers } from './providers.ts';
import { codeOf } from '../contract/errno.ts';

/** In the order in which trouble is best looked for. */
export async function* check(environment: Environment): AsyncGenerator<Finding> {
  yield nodeVersion(process.versions.node);
  for (const name of nativeModules) yield await nativeModule(name);
  yield await gstreamer();
  yield await encoders();
  yield await isolation();
  yield await model(environment.modelFile);
  yield* providers(environment);
  yield await dataFolder(environment.dataFolder);
  yield await diskSpace(environment.dataFolder);
  yield await address(environment);
}

/** The range of package.json's `engines`. */
function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const good = (major === 20 && minor >= 19) || (major === 22 && minor >= 12);
  const remedy = 'install Node 22 (22.12 or newer), or 20 (20.19 or newer)';
  return { subject: 'Node', verdict: good ? 'good' : 'bad', found: version, ...(good ? {} : { remedy }) };
}

const nativeModules = ['better-sqlite3', 'onnxruntime-node', 'gstreamer-superficial', 'uWebSockets.js'] as const;

/** How each is made to load its binary: one does it with the first database only, another is no ES module's to import. */
const loading = {
  'better-sqlite3': `const { default: Database } = await import('better-sqlite3'); new Database(':memory:').close();`,
  'onnxruntime-node': `await import('onnxruntime-node');`,
  'gstreamer-superficial': `(await import('node:module')).createRequire(process.cwd() + '/')('gstreamer-superficial');`,
  'uWebSockets.js': `await import('uWebSockets.js');`,
} as const satisfies Record<(typeof nativeModules)[number], string>;
const execute = promisify(execFile);

/** In a process of its own: a library that does not fit may take the process with it. */
async function nativeModule(name: (typeof nativeModules)[number]): Promise<Finding> {
  try {
    await execute(process.execPath, ['--input-type=module', '--eval', loading[name]], { cwd: root, timeout: 20_000 });
    return { subject: name, verdict: 'good', found: 'loads' };
  } catch (error) {
    const found = `does not load: ${lastError(error)}`;
    return { subject: name, verdict: 'bad', found, remedy: 'run scripts/setup; after a change of Node, npm ci' };
  }
}

async function gstreamer(): Promise<Finding> {
  const subject = 'GStreamer';
  const absent = await missingElements(gstreamerElements);
  if (absent === null) {
    const found = 'gst-inspect-1.0 is not there, so its elements cannot be checked';
    return { subject, verdict: 'bad', found, remedy: 'sudo apt-get install gstreamer1.0-tools' };
  }
  if (absent.length === 0)
    return { subject, verdict: 'good', found: `all ${Object.keys(gstreamerElements).length} elements` };
  const packages = new Set(absent.map((element) => gstreamerElements[element]));
  const remedy = `sudo apt-get install ${[...packages].join(' ')}`;
  return { subject, verdict: 'bad', found: `lacks ${absent.join(', ')}`, remedy };
}

/** Jobs that ask for no annotated video need none of it. */
async function encoders(): Promise<Finding> {
  const subject = 'Annotated video';
  const lacking = await missingElements({ ...encoderElements, ...soundElements });
  if (lacking === null) {
    return {
      subject,
      verdict: 'doubtful',
      found: 'cannot be checked',
      remedy: 'sudo apt-get install gstreamer1.0-tools',
    };
  }
  const absent = new Set<string>(lacking);
  const [encoder] = Object.keys(encoderElements).filter((element) => !absent.has(element));
  if (encoder === undefined) {
    const remedy = `sudo apt-get install ${encoderElements.x264enc}`;
    return { subject, verdict: 'doubtful', found: 'no encoder of H.264: none can be made', remedy };
  }
  const mute = Object.entries(soundElements).filter(([element]) => absent.has(element));
  if (mute.length === 0) return { subject, verdict: 'good', found: `encoded by ${encoder}` };
  const found = `encoded by ${encoder}; lacks ${mute.map(([element]) => element).join(', ')} for some sound`;
  const packages = new Set(mute.map(([, debianPackage]) => debianPackage));
  return { subject, verdict: 'doubtful', found, remedy: `sudo apt-get install ${[...packages].join(' ')}` };
}

/** Null where there is no program that knows. */
async function missingElements<T extends string>(elements: Readonly<Record<T, string>>): Promise<T[] | null> {
  const absent: T[] = [];
  for (const element of Object.keys(elements) as T[]) {
    try {
      await execute('gst-inspect-1.0', ['--exists', element], { timeout: 60_000 });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      absent.push(element);
    }
  }
  return absent;
}

const Isolation = z.object({ by: z.string(), lacks: z.array(z.string()), remedy: z.string().nullable() });

/** A program of the daemon's tries it, as the daemon does at every start. */
async function isolation(): Promise<Finding> {
  const subject = 'Worker isolation';
  try {
    const { stdout } = await execute(process.execPath, [...process.execArgv, isolationEntry], { timeout: 60_000 });
    const { by, lacks, remedy } = Isolation.parse(JSON.parse(stdout));
    const found = lacks.length === 0 ? `by ${by}` : `by ${by}; not kept from a worker: ${lacks.join(', ')}`;
    if (remedy === null) return { subject, verdict: 'good', found };
    return { subject, verdict: 'doubtful', found, remedy };
  } catch (error) {
    return {
      subject,
      verdict: 'doubtful',
      found: `cannot be tried: ${lastError(error)}`,
      remedy: 'see the log of vedette serve',
    };
  }
}

async function model(file: string): Promise<Finding> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() && found.size > 0) {
    return { subject: 'Model', verdict: 'good', found: `${file} (${(found.size / 1e6).toFixed(1)} MB)` };
  }
  const remedy = 'put the .onnx file there, or name another in vedette.yaml (model.name) or VEDETTE_MODEL';
  return { subject: 'Model', verdict: 'bad', found: `${file} ${found ? 'is empty' : 'is not there'}`, remedy };
}

async function dataFolder(folder: string): Promise<Finding> {
  const nearest = await existing(folder);
  try {
    await access(nearest, constants.W_OK | constants.X_OK);
    const found = nearest === folder ? `${folder} is writable` : `${folder} can be made`;
    return { subject: 'Data folder', verdict: 'good', found };
  } catch {
    // The one thing that access() says by throwing.
    const found = `${nearest} is not writable for user ${process.getuid?.() ?? '?'}`;
    const remedy = 'choose another with VEDETTE_DATA, or change its owner';
    return { subject: 'Data folder', verdict: 'bad', found, remedy };
  }
}

/** The default of `serve.disk_reserve_mb`: below it, uploads are refused. */
const reserveBytes = 1024 * 2 ** 20;

async function diskSpace(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await existing(folder));
  const free = bavail * bsize;
  const found = `${(free / 1e9).toFixed(1)} GB free`;
  if (free > 4 * reserveBytes) return { subject: 'Disk', verdict: 'good', found };
  const verdict = free > reserveBytes ? 'doubtful' : 'bad';
  return { subject: 'Disk', verdict, found, remedy: 'remove old jobs, or move the data folder to a larger disk' };
}

async function address(environment: Environment): Promise<Finding> {
  const { url } = environment;
  if (url === null) return { subject: 'Address', verdict: 'good', found: 'any free port' };
  const health = await new Client({ url, apiKey: environment.apiKey }).health();
  if (health) return { subject: 'Address', verdict: 'good', found: `Vedette ${health.version} answers at ${url}/` };
  const { hostname, port, protocol } = new URL(url);
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  const trouble = await listenTrouble(hostname.replace(/^\[|\]$/g, ''), number);
  if (trouble === undefined) return { subject: 'Address', verdict: 'good', found: `${url} is free; no Vedette runs` };
  const remedy = 'end the program that holds it, or choose another with VEDETTE_PORT';
  return { subject: 'Address', verdict: 'bad', found: `${url} cannot be used: ${trouble}`, remedy };
}

/** Undefined where a server can listen there. */
function listenTrouble(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The folder itself, or the nearest one above it that exists. */
async function existing(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  return found || dirname(folder) === folder ? folder : existing(dirname(folder));
}

function lastError(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  // A bug's stack names its error; our own programs say `vedette: ` and why they refuse, such as the settings.
  return /^(?:\w*Error|vedette: ).*$/m.exec(stderr ?? '')?.[0] ?? message.split('\n', 1)[0] ?? '';
}
