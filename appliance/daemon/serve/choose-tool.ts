// Which plugin and tools a submit means: by id or alias, or by what they are capable of, for a video or a picture.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import { findTool, type InputType, type PluginManifest } from '../../contract/plugins.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import { Busy } from './busy.ts';

export type KnownPlugins = Pick<PluginCatalogue, 'find' | 'loading'>;

/** Checks in the order of the older dialect, whose error texts these are. `input`: null for whatever the tools take. */
export function chooseTools(
  plugins: KnownPlugins,
  pluginName: string,
  toolNames: readonly string[],
  input: InputType | null,
): Pick<Job, 'pluginId' | 'tools'> {
  const plugin = foundPlugin(plugins, pluginName);
  const tools = toolNames.map((name) => {
    const tool = findTool(plugin, name);
    const available = pythonList(plugin.tools.map(({ id }) => id));
    if (tool) return tool;
    throw new Fault('tool-not-found', `Tool '${name}' not found in plugin '${pluginName}'. Available: ${available}`);
  });
  for (const [at, { input_types: types }] of tools.entries()) {
    if (input === null || types.includes(input)) continue;
    const name = toolNames[at] ?? '';
    const problem = `Tool '${name}' does not support ${inputWords[input]} input (input_types: ${pythonList(types)})`;
    throw new Fault('tool-input-mismatch', problem);
  }
  const [first, ...others] = new Set(tools.map(({ id }) => id));
  if (first === undefined) throw new Error('a submit names one tool at least');
  return { pluginId: plugin.id, tools: [first, ...others] };
}

/**
 * The tool of each of these capabilities that takes the input. Throws Fault 'plugin-not-found' or 'tool-not-found', which
 * names the capabilities that there are for it.
 */
export function capableTools(
  plugins: KnownPlugins,
  pluginName: string,
  capabilities: readonly string[],
  input: InputType,
): string[] {
  const fitting = foundPlugin(plugins, pluginName).tools.filter(({ input_types: types }) => types.includes(input));
  return capabilities.map((wanted) => {
    const tool = fitting.find((one) => one.capabilities.includes(wanted));
    if (tool) return tool.id;
    const there = pythonList([...new Set(fitting.flatMap((one) => one.capabilities))]);
    const problem = `Plugin '${pluginName}' has no tool for '${wanted}' that takes ${inputWords[input]} input.`;
    throw new Fault('tool-not-found', `${problem} Available: ${there}`);
  });
}

/** The one that is meant where none is named. Throws Fault 'plugin-not-found' or 'tool-not-found'. */
export function firstToolFor(plugins: KnownPlugins, pluginName: string, input: InputType): string {
  const tool = foundPlugin(plugins, pluginName).tools.find(({ input_types: types }) => types.includes(input));
  if (tool) return tool.id;
  throw new Fault('tool-not-found', `Plugin '${pluginName}' has no tool that takes ${inputWords[input]} input.`);
}

/** Throws Fault 'plugin-not-found', or Busy where it may be one that is still being loaded. */
export function foundPlugin(plugins: KnownPlugins, name: string): PluginManifest {
  const plugin = plugins.find(name);
  if (plugin) return plugin;
  if (plugins.loading) throw new Busy(`Plugin '${name}' not found yet: plugins are still being loaded.`, 5);
  throw new Fault('plugin-not-found', `Plugin '${name}' not found`);
}

const inputWords = { video: 'video', image_bytes: 'image' } as const satisfies Record<InputType, string>;

function pythonList(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
