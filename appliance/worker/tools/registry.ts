// Which tool does what the daemon asks for. A tool id of the contract without an entry here does not compile.
import { Fault } from '../../contract/fault.ts';
import type { PluginPlace } from '../../contract/outside-plugins.ts';
import type { ToolId } from '../../contract/plugins.ts';
import { loadPlugin, reasonOf } from './load-plugin.ts';
import { outsideTool } from './outside-tool.ts';
import type { Tool } from './tool.ts';
import { videoPlayerTracking } from './tracking.ts';
import { playerDetection, videoPlayerDetection } from './yolo-tracker.ts';

const tools = {
  player_detection: playerDetection,
  video_player_detection: videoPlayerDetection,
  video_player_tracking: videoPlayerTracking,
} as const satisfies Record<ToolId, Tool>;

/** Throws Fault 'tool-not-found': a row may name a tool that an older or newer release had. */
export function toolOf(id: string): Tool {
  const tool = Object.values<Tool>(tools).find((one) => one.id === id);
  if (!tool) throw new Fault('tool-not-found', `Tool '${id}' is not part of this release.`);
  return tool;
}

export interface Wanted {
  readonly pluginId: string;
  /** Left out for the one that comes with Vedette. */
  readonly plugin?: PluginPlace | undefined;
  readonly tools: readonly [string, ...string[]];
  /** A tool from outside may take so long for one frame. */
  readonly stallMs: number;
}

/** Loads what is from outside. Throws Fault 'tool-not-found', or 'plugin-broken' where it cannot be loaded. */
export async function toolsFor(wanted: Wanted): Promise<readonly [Tool, ...Tool[]]> {
  const find = wanted.plugin ? await outsideTools(wanted.plugin, wanted) : toolOf;
  const [first, ...others] = wanted.tools;
  return [find(first), ...others.map(find)];
}

async function outsideTools(place: PluginPlace, { pluginId, stallMs }: Wanted) {
  const loaded = await loadPlugin(place).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `The plugin ${pluginId} cannot be used. ${error.message}`, { cause: error });
  });
  const { manifest, sha256 } = loaded;
  if (manifest.id !== pluginId)
    throw new Fault('plugin-broken', `Where the plugin ${pluginId} lay there is now the plugin ${manifest.id}.`);
  // What decides which lines its tools make.
  const revision = `${manifest.version} ${sha256}`;
  return (id: string): Tool => {
    const [input] = manifest.tools.find((one) => one.id === id)?.input_types ?? [];
    const tool = loaded.tools.get(id);
    if (!tool || !input) throw new Fault('tool-not-found', `The plugin ${pluginId} has no tool ${id} any more.`);
    const words = (error: unknown) => reasonOf(error, place.path);
    return outsideTool({ pluginId, id, input, revision, tool, stallMs, reasonOf: words });
  };
}
