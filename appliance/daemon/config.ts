// The whole configuration: vedette.yaml and a few environment variables, checked at once. The only reader of process.env.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { Fault } from '../contract/fault.ts';
import { Provider } from '../contract/frame.ts';

/** Of the checkout or installation: beside `dist/` or `appliance/`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const Megabytes = z.number().positive();
const Seconds = z.number().positive();
/** As ONNX Runtime wants it: a text, 1 or 0 for a switch. */
const Option = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => (typeof value === 'boolean' ? String(Number(value)) : String(value)));
const MqttUrl = z
  .string()
  .regex(/^(off|embedded(:\d{1,5})?|(mqtts?|wss?):\/\/.+)$/, 'expected off, embedded, embedded:PORT or an mqtt:// URL');

const Schema = z.strictObject({
  /** Name of this appliance in MQTT topics and on the kiosk. */
  node: z.string().min(1).max(64),
  data: z.string().min(1),
  log: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  serve: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      /** 0 takes any free port. */
      port: z.int().min(0).max(65535).default(8000),
      /** Pages of other origins that may send commands and open sockets, such as `https://board.lan`. */
      allowed_origins: z.array(z.url()).default([]),
      max_upload_mb: Megabytes.default(20_480),
      /** Uploads are refused when the disk would fall below this. */
      disk_reserve_mb: Megabytes.default(1024),
    })
    .prefault({}),
  auth: z
    .union([
      z.literal('open'),
      z.strictObject({
        keys: z.array(
          z.strictObject({
            name: z.string().min(1),
            sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the key, as 64 hex digits'),
          }),
        ),
      }),
    ])
    .default({ keys: [] }),
  jobs: z
    .strictObject({
      /** Jobs that run at the same time. */
      running: z.int().min(1).max(64).default(1),
      queue: z.int().min(1).default(100),
      /** A worker that brings nothing new for so long is ended. */
      stall_s: Seconds.default(60),
      /** A job that takes longer is ended; time in which it was held does not count. */
      longest_h: z.number().positive().max(590).default(24),
    })
    .prefault({}),
  worker: z
    .strictObject({
      /** Resident memory of one worker; one that takes more is ended. Null: three quarters of the machine's. */
      memory_mb: Megabytes.nullable().default(null),
      /** `auto`: as little of the machine as it lets a worker be confined to. `off`: a plain process. */
      isolation: z.enum(['auto', 'off']).default('auto'),
      /** Folder of an onnxruntime-node package to load in place of the bundled one. */
      onnxruntime: z.string().min(1).nullable().default(null),
      /** TensorRT's own options, such as `trt_fp16_enable: true`, for a binding that passes them on. */
      tensorrt_options: z
        .record(z.string().regex(/^trt_\w+$/), Option, "expected TensorRT's names, such as trt_fp16_enable")
        .default({}),
    })
    .prefault({}),
  storage: z
    .strictObject({
      /** Most that uploads and inputs of all jobs may hold. Null: the reserve alone bounds them. */
      uploads_mb: Megabytes.nullable().default(null),
      /** Most that all results may hold. */
      artifacts_mb: Megabytes.nullable().default(null),
      /** Finished jobs that are older are removed with their files. Null: never. */
      jobs_days: z.number().positive().nullable().default(null),
      /** So many finished jobs are kept, the newest. Null: all. */
      jobs_kept: z.int().min(0).nullable().default(null),
      /** The same for the videos alone: their results stay. */
      inputs_days: z.number().positive().nullable().default(null),
      inputs_kept: z.int().min(0).nullable().default(null),
      /** Nightly backups of the database that are kept; 0: none is made. */
      backups_kept: z.int().min(0).max(365).default(7),
    })
    .prefault({}),
  model: z.strictObject({
    /** Folder of ONNX files. */
    folder: z.string().min(1),
    /** File name in that folder, without `.onnx`. */
    name: z.string().regex(/^[\w.-]+$/, 'expected a file name without folder'),
    confidence: z.number().min(0).max(1).default(0.25),
    iou: z.number().min(0).max(1).default(0.7),
    providers: z.array(Provider).min(1).default(['tensorrt', 'cuda', 'webgpu', 'cpu']),
    /** Largest model that is taken in over HTTP. */
    max_upload_mb: Megabytes.default(2048),
    /** Of one inference; null: chosen by the size of the model. */
    threads: z.int().min(1).max(256).nullable().default(null),
  }),
  mqtt: z
    .strictObject({
      url: MqttUrl.default('embedded'),
      username: z.string().optional(),
      password: z.string().optional(),
    })
    .prefault({}),
});

export type Config = Readonly<z.infer<typeof Schema>> & {
  /** The settings file, whether there is one or not. */
  readonly file: string;
  /** Settings that a variable gave, such as `model.name`: no choice that was made elsewhere stands above them. */
  readonly fromVariables: readonly string[];
  /** Where systemd listens, when it started the daemon. */
  readonly supervisor: { readonly notifySocket: string | undefined; readonly watchdogUs: number };
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Which variable sets which path; a mistake is named by the variable that made it. */
const overrides: readonly (readonly [variable: string, path: readonly string[], read: (text: string) => unknown])[] = [
  ['VEDETTE_DATA', ['data'], String],
  ['VEDETTE_MODELS', ['model', 'folder'], String],
  ['VEDETTE_MODEL', ['model', 'name'], String],
  ['VEDETTE_HOST', ['serve', 'host'], String],
  ['VEDETTE_PORT', ['serve', 'port'], toNumber],
  ['VEDETTE_MQTT_URL', ['mqtt', 'url'], String],
];

/** Throws Fault 'config-invalid' whose message names every mistake, one a line. */
export function readConfig(environment: Environment = process.env): Config {
  const named = environment['VEDETTE_CONFIG'];
  const file = resolve(named ?? 'vedette.yaml');
  const mistakes: string[] = [];
  const raw = readFile(file, named !== undefined, mistakes);
  const fromVariable = new Map<string, string>();

  fill(raw, ['node'], hostname());
  fill(raw, ['data'], environment['STATE_DIRECTORY'] ?? 'data');
  fill(raw, ['model', 'folder'], join(root, 'models'));
  fill(raw, ['model', 'name'], 'demo');
  for (const [variable, path, read] of overrides) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    put(raw, path, read(text));
    fromVariable.set(path.join('.'), variable);
  }

  const checked = Schema.safeParse(raw);
  for (const issue of checked.error?.issues ?? []) {
    const path = issue.path.join('.');
    mistakes.push(`${fromVariable.get(path) ?? (path || 'the file')}: ${issue.message}`);
  }
  const key = environment['VEDETTE_API_KEY'];
  const config = checked.data && key ? withKey(checked.data, key) : checked.data;
  if (config && isExposed(config)) {
    mistakes.push(
      `serve.host: ${config.serve.host} is reachable from other machines; set VEDETTE_API_KEY or auth.keys, or say auth: open`,
    );
  }
  if (!config || mistakes.length > 0) throw new Fault('config-invalid', mistakes.join('\n'));
  return {
    ...config,
    file,
    data: resolve(config.data),
    fromVariables: [...fromVariable.keys()],
    supervisor: { notifySocket: environment['NOTIFY_SOCKET'], watchdogUs: Number(environment['WATCHDOG_USEC'] ?? 0) },
  };
}

/** Of this release, from package.json. */
export function readVersion(): string {
  const text: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(text).version;
}

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function isExposed(config: z.infer<typeof Schema>): boolean {
  return !isLoopback(config.serve.host) && config.auth !== 'open' && config.auth.keys.length === 0;
}

function withKey(config: z.infer<typeof Schema>, key: string): z.infer<typeof Schema> {
  const named = { name: 'VEDETTE_API_KEY', sha256: createHash('sha256').update(key).digest('hex') };
  const keys = config.auth === 'open' ? [] : config.auth.keys;
  return { ...config, auth: { keys: [...keys, named] } };
}

/** What is no number stays a text, so that the mistake is named as one. */
function toNumber(text: string): unknown {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

type Raw = Record<string, unknown>;

function readFile(file: string, required: boolean, mistakes: string[]): Raw {
  if (!existsSync(file)) {
    if (required) mistakes.push(`VEDETTE_CONFIG: ${file} does not exist`);
    return {};
  }
  try {
    const content: unknown = parse(readFileSync(file, 'utf8'));
    if (content === null || content === undefined) return {};
    if (isRaw(content)) return content;
    mistakes.push(`${file}: expected settings, found ${Array.isArray(content) ? 'a list' : typeof content}`);
  } catch (error) {
    mistakes.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a value where the file says nothing. */
function fill(raw: Raw, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) raw[head] ??= value;
  else if (raw[head] === undefined || raw[head] === null) put(raw, path, value);
  else if (isRaw(raw[head])) fill(raw[head], rest, value);
}

function put(raw: Raw, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    raw[head] = value;
    return;
  }
  const inner = raw[head];
  const next: Raw = isRaw(inner) ? inner : {};
  raw[head] = next;
  put(next, rest, value);
}
