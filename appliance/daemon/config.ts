// The whole configuration: vedette.yaml and a few environment variables, checked at once. The only reader of process.env.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { Fault } from '../contract/fault.ts';
import type { Book } from './pipelines/book.ts';
import { bookPath, readBook } from './pipelines/read-book.ts';
import { readKioskFile } from './settings/kiosk-file.ts';
import { compose, isRaw, type Layers, mistakesIn, type Raw } from './settings/layers.ts';
import { type Settings, SettingsSchema } from './settings/schema.ts';
import { readSupervision, type Supervision } from './supervision.ts';

/** Of the checkout or installation: beside `dist/` or `appliance/`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export type Config = Settings & {
  /** The settings file, whether there is one or not. */
  readonly file: string;
  /** What pipelines.yaml says; its secrets do not print. */
  readonly book: Book;
  /** Settings that a variable gave, such as `model.name`: no choice that was made elsewhere stands above them. */
  readonly fromVariables: readonly string[];
  /** What all this is made of. */
  readonly layers: Layers;
  /** Why what was set on the kiosk does not hold; null where it does. */
  readonly kioskBroken: string | null;
  readonly supervisor: Supervision;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Which variable sets which path; a mistake is named by the variable that made it. */
const overrides: readonly (readonly [variable: string, path: string, read: (text: string) => unknown])[] = [
  ['VEDETTE_DATA', 'data', String],
  ['VEDETTE_MODELS', 'model.folder', String],
  ['VEDETTE_MODEL', 'model.name', String],
  ['VEDETTE_HOST', 'serve.host', String],
  ['VEDETTE_PORT', 'serve.port', toNumber],
  ['VEDETTE_MQTT_URL', 'mqtt.url', String],
  ['VEDETTE_REDIS_URL', 'redis.url', String],
];

/** Throws Fault 'config-invalid' whose message names every mistake, one a line. */
export function readConfig(environment: Environment = process.env): Config {
  const named = environment['VEDETTE_CONFIG'];
  const file = resolve(named ?? 'vedette.yaml');
  const mistakes: string[] = [];
  const below: Layers = {
    file: readFile(file, named !== undefined, mistakes),
    kiosk: {},
    fallbacks: [
      ['node', hostname()],
      ['data', environment['STATE_DIRECTORY'] ?? 'data'],
      ['model.folder', join(root, 'models')],
      ['model.name', 'demo'],
    ],
    variables: overrides.flatMap(([variable, path, read]) => {
      const text = environment[variable];
      return text === undefined || text === '' ? [] : [{ variable, path, value: read(text) }];
    }),
  };
  const checked = SettingsSchema.safeParse(compose(below));
  mistakes.push(...mistakesIn(checked.error, below));
  const key = environment['VEDETTE_API_KEY'];
  const kiosk = withKiosk(checked.data, below);
  const { settings } = kiosk;
  const config = settings && key ? withKey(settings, key) : settings;
  if (config && isExposed(config)) {
    mistakes.push(
      `serve.host: ${config.serve.host} is reachable from other machines; set VEDETTE_API_KEY or auth.keys, or say auth: open`,
    );
  }
  const book = readBook({
    path: bookPath(file, config?.pipelines),
    required: (config?.pipelines ?? null) !== null,
    variable: (name) => environment[name],
    mistakes,
  });
  if (!config || mistakes.length > 0) throw new Fault('config-invalid', mistakes.join('\n'));
  return {
    ...config,
    file,
    book,
    data: resolve(config.data),
    fromVariables: below.variables.map(({ path }) => path),
    layers: kiosk.layers,
    kioskBroken: kiosk.broken,
    supervisor: readSupervision(environment),
  };
}

/** With what was set on the kiosk, unless it does not fit: that never keeps the appliance from its start. */
function withKiosk(settings: Settings | undefined, below: Layers) {
  if (!settings) return { settings, layers: below, broken: null };
  const { values, broken } = readKioskFile(settings.data);
  const layers = { ...below, kiosk: values };
  const checked = SettingsSchema.safeParse(compose(layers));
  if (checked.data) return { settings: checked.data, layers, broken };
  return { settings, layers: below, broken: mistakesIn(checked.error, layers).join('; ') };
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

function isExposed(config: Settings): boolean {
  return !isLoopback(config.serve.host) && config.auth !== 'open' && config.auth.keys.length === 0;
}

function withKey(config: Settings, key: string): Settings {
  const named = { name: 'VEDETTE_API_KEY', sha256: createHash('sha256').update(key).digest('hex') };
  const keys = config.auth === 'open' ? [] : config.auth.keys;
  return { ...config, auth: { keys: [...keys, named] } };
}

/** What is no number stays a text, so that the mistake is named as one. */
function toNumber(text: string): unknown {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

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
