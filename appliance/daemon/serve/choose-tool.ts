// Which plugin and tool a submit means: by id or alias, for a video or a picture.
import { Fault } from '../../contract/fault.ts';
import { findPlugin, findTool, type InputType, type ToolManifest } from '../../contract/plugins.ts';
import { Unprocessable } from './mistakes.ts';

/** Checks in the order of the older dialect, whose error texts these are. */
export function chooseTool(
  pluginName: string,
  toolNames: readonly string[],
  input: InputType = 'video',
): { pluginId: string; tool: ToolManifest } {
  const plugin = findPlugin(pluginName);
  if (!plugin) throw new Fault('plugin-not-found', `Plugin '${pluginName}' not found`);
  const tools = toolNames.map((name) => {
    const tool = findTool(plugin, name);
    const available = pythonList(plugin.tools.map(({ id }) => id));
    if (tool) return tool;
    throw new Fault('tool-not-found', `Tool '${name}' not found in plugin '${pluginName}'. Available: ${available}`);
  });
  for (const [at, { input_types: types }] of tools.entries()) {
    if (types.includes(input)) continue;
    const name = toolNames[at] ?? '';
    const problem = `Tool '${name}' does not support ${inputWords[input]} input (input_types: ${pythonList(types)})`;
    throw new Fault('tool-input-mismatch', problem);
  }
  const [tool, second] = tools;
  if (!tool || second) {
    const msg = 'This release runs one tool a job';
    throw new Unprocessable([{ type: 'too_many', loc: ['query', 'tool'], msg, input: toolNames }]);
  }
  return { pluginId: plugin.id, tool };
}

const inputWords = { video: 'video', image_bytes: 'image' } as const satisfies Record<InputType, string>;

function pythonList(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
