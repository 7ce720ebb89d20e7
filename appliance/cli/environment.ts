// The few settings that a client needs: the appliance's address and its key. The daemon's own settings are its own matter.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { Provider } from '../contract/frame.ts';
import type { RuntimeSettings } from '../contract/runtime.ts';
import { root } from './installation.ts';

export interface Environment {
  /** Without a trailing slash; null where the port is 0, so that only a daemon started here can say it. */
  readonly url: string | null;
  readonly apiKey: string | undefined;
  readonly dataFolder: string;
  readonly modelFile: string;
  /** What workers are told of providers. */
  readonly providers: readonly Provider[];
  readonly runtime: RuntimeSettings;
}

/** `url`: what `--url` said. */
export function readEnvironment(
  url: string | undefined,
  // eslint-disable-next-line no-restricted-properties -- the command line's one reader, as config.ts is the daemon's
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const file = readSettings(variables['VEDETTE_CONFIG'] ?? 'vedette.yaml');
  const variable = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  const host = variable('VEDETTE_HOST') ?? file.serve?.host ?? '127.0.0.1';
  const port = Number(variable('VEDETTE_PORT') ?? file.serve?.port ?? 8000);
  const models = variable('VEDETTE_MODELS') ?? file.model?.folder ?? join(root, 'models');
  const model = variable('VEDETTE_MODEL') ?? file.model?.name ?? 'demo';
  const dataFolder = resolve(variable('VEDETTE_DATA') ?? file.data ?? 'data');
  const binding = file.worker?.onnxruntime ?? null;
  return {
    url: url?.replace(/\/+$/, '') ?? (port === 0 ? null : `http://${reachable(host)}:${port}`),
    apiKey: variable('VEDETTE_API_KEY'),
    dataFolder,
    modelFile: resolve(models, `${model}.onnx`),
    providers: file.model?.providers ?? ['tensorrt', 'cuda', 'webgpu', 'cpu'],
    runtime: {
      binding: binding === null ? null : resolve(binding),
      tensorrtOptions: texts(file.worker?.tensorrt_options ?? {}),
      engines: join(dataFolder, 'engines'),
    },
  };
}

/** An address to connect to, for an address to listen on. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

const Settings = z.looseObject({
  data: z.string().optional(),
  serve: z.looseObject({ host: z.string().optional(), port: z.number().optional() }).optional(),
  model: z
    .looseObject({
      folder: z.string().optional(),
      name: z.string().optional(),
      providers: z.array(Provider).min(1).optional(),
    })
    .optional(),
  worker: z
    .looseObject({
      onnxruntime: z.string().nullish(),
      tensorrt_options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    })
    .optional(),
});

function readSettings(file: string): z.infer<typeof Settings> {
  try {
    return Settings.parse(parse(readFileSync(file, 'utf8')) ?? {});
  } catch {
    // No file, or one with mistakes: the daemon names those when it starts; a client goes on with the defaults.
    return {};
  }
}

/** As the daemon reads them. */
function texts(options: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  const asText = (value: string | number | boolean) => String(typeof value === 'boolean' ? Number(value) : value);
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, asText(value)]));
}
