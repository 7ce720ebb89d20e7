// Loads a plugin from outside into this process, and looks at what it says of itself before anything of it is used.
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { OutsideManifest, type PluginPlace } from '../../contract/outside-plugins.ts';
import type * as api from './plugin-api.ts';
import { hashContent } from './plugin-content.ts';
import { findEntry } from './plugin-entry.ts';

export interface LoadedPlugin {
  readonly manifest: OutsideManifest;
  /** By the ids of the manifest. */
  readonly tools: ReadonlyMap<string, api.Tool>;
  /** Of all that its folder held when it was loaded. */
  readonly sha256: string;
}

const longestReason = 1000;

/** The very object, which may be of a class. */
const OutsideTool = z.custom<api.Tool>(isTool, 'expected run, a function, and looksBack, true or false, if at all');
const OutsidePlugin = z.object({ manifest: OutsideManifest, tools: z.record(z.string(), OutsideTool) });

/** Once in a process: what was imported stays. Throws Fault 'plugin-broken', which names every mistake. */
export async function loadPlugin({ path }: Pick<PluginPlace, 'path'>): Promise<LoadedPlugin> {
  try {
    const sha256 = await hashContent(path);
    refuseExits();
    const exported = (await import(pathToFileURL(await findEntry(path)).href)) as Record<string, unknown>;
    const { manifest, tools } = checked(exported['plugin'] ?? exported['default']);
    return { manifest, tools: new Map(Object.entries(tools)), sha256 };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('plugin-broken', `It cannot be loaded: ${reasonOf(error, path)}`, { cause: error });
  }
}

/** It would hang on the way out while a pipeline is open, and tell nobody why. */
function refuseExits(): void {
  process.exit = () => {
    throw new Error('a plugin must not end its process');
  };
}

/** What a plugin threw, as one short line that does not say where it lies. */
export function reasonOf(error: unknown, path: string): string {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  const words = error instanceof Error ? name + error.message : String(error);
  return words.replaceAll(`${path}/`, '').replaceAll(path, '.').replace(/\s+/g, ' ').slice(0, longestReason);
}

function checked(exported: unknown) {
  const fault = (mistakes: readonly string[]) =>
    new Fault('plugin-broken', `It is not made as a plugin is: ${mistakes.join('; ')}.`.slice(0, longestReason));
  if (typeof exported !== 'object' || exported === null) throw fault(['its entry exports no "plugin"']);
  const { data, error } = OutsidePlugin.safeParse(exported);
  if (!data) throw fault(error.issues.map(({ path, message }) => `${path.join('.') || 'plugin'}: ${message}`));
  const told = data.manifest.tools.map(({ id }) => id);
  const made = Object.keys(data.tools);
  const mistakes = [
    ...told.filter((id) => !made.includes(id)).map((id) => `tools.${id}: the manifest names it, and it is not there`),
    ...made.filter((id) => !told.includes(id)).map((id) => `tools.${id}: the manifest does not name it`),
  ];
  if (mistakes.length > 0) throw fault(mistakes);
  return data;
}

function isTool(value: unknown): value is api.Tool {
  if (typeof value !== 'object' || value === null) return false;
  const { run, looksBack = false } = value as Partial<Record<keyof api.Tool, unknown>>;
  return typeof run === 'function' && typeof looksBack === 'boolean';
}
