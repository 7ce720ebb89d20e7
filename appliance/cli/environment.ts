// The few settings that a client needs: the appliance's address and its key. The daemon's own settings are its own matter.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from './installation.ts';

export interface Environment {
  /** Without a trailing slash; null where the port is 0, so that only a daemon started here can say it. */
  readonly url: string | null;
  readonly apiKey: string | undefined;
  readonly dataFolder: string;
  readonly modelFile: string;
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
  return {
    url: url?.replace(/\/+$/, '') ?? (port === 0 ? null : `http://${reachable(host)}:${port}`),
    apiKey: variable('VEDETTE_API_KEY'),
    dataFolder: resolve(variable('VEDETTE_DATA') ?? file.data ?? 'data'),
    modelFile: resolve(models, `${model}.onnx`),
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
  model: z.looseObject({ folder: z.string().optional(), name: z.string().optional() }).optional(),
});

function readSettings(file: string): z.infer<typeof Settings> {
  try {
    return Settings.parse(parse(readFileSync(file, 'utf8')) ?? {});
  } catch {
    // No file, or one with mistakes: the daemon names those when it starts; a client goes on with the defaults.
    return {};
  }
}
