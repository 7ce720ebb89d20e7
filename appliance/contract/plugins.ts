// The plugins that the appliance brings, as data: the daemon answers for them without loading a line of their code.
import { z } from 'zod';

export const inputTypes = ['image_bytes', 'video'] as const;
export type InputType = (typeof inputTypes)[number];

export const ToolManifest = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()),
  input_types: z.array(z.enum(inputTypes)),
  output_types: z.array(z.string()),
  capabilities: z.array(z.string()),
});
export type ToolManifest = z.infer<typeof ToolManifest>;

export const PluginManifest = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  description: z.string(),
  type: z.enum(['yolo', 'outside']),
  author: z.string(),
  license: z.string(),
  capabilities: z.array(z.string()),
  tools: z.array(ToolManifest),
});
export type PluginManifest = z.infer<typeof PluginManifest>;

/** The built-in plugin's tools; the worker's registry must have an entry for each. */
export type ToolId = 'player_detection' | 'video_player_detection' | 'video_player_tracking';

/** Those that come with Vedette. */
export const builtInPlugins: readonly PluginManifest[] = [
  {
    id: 'yolo-tracker',
    name: 'YOLO tracker',
    version: '1.0.0',
    description: 'Finds the objects of the loaded YOLO model in every frame of a video.',
    type: 'yolo',
    author: 'Vedette',
    license: 'Apache-2.0',
    capabilities: ['player_detection', 'player_tracking'],
    tools: [
      {
        id: 'player_detection',
        title: 'Image detection',
        description: 'Boxes, classes and confidences for one picture.',
        inputs: { image: { type: 'string', format: 'binary', description: 'PNG or JPEG' } },
        outputs: { frames: { type: 'array' }, summary: { type: 'object' } },
        input_types: ['image_bytes'],
        output_types: ['image_detections'],
        capabilities: ['player_detection'],
      },
      {
        id: 'video_player_detection',
        title: 'Video detection',
        description: 'Boxes, classes and confidences for every decoded frame.',
        inputs: {
          video: { type: 'string', format: 'binary', description: 'MP4, MOV, Matroska, WebM, AVI, MPEG-TS/PS or Ogg' },
        },
        outputs: { frames: { type: 'array' }, summary: { type: 'object' } },
        input_types: ['video'],
        output_types: ['video_detections'],
        capabilities: ['player_detection'],
      },
      {
        id: 'video_player_tracking',
        title: 'Video tracking',
        description: 'Boxes, classes and confidences for every decoded frame, with an id that an object keeps.',
        inputs: {
          video: { type: 'string', format: 'binary', description: 'MP4, MOV, Matroska, WebM, AVI, MPEG-TS/PS or Ogg' },
        },
        outputs: { frames: { type: 'array' }, summary: { type: 'object' } },
        input_types: ['video'],
        output_types: ['video_tracks'],
        capabilities: ['player_tracking'],
      },
    ],
  },
];

const pluginAliases: Readonly<Record<string, string>> = { yolo: 'yolo-tracker' };
const toolAliases: Readonly<Record<string, ToolId>> = {
  detect: 'video_player_detection',
  track: 'video_player_tracking',
};

/** By id or alias, among these. */
export function findPlugin(plugins: readonly PluginManifest[], name: string): PluginManifest | undefined {
  const id = pluginAliases[name] ?? name;
  return plugins.find((plugin) => plugin.id === id);
}

/** By id or alias, among one plugin's tools. */
export function findTool(plugin: PluginManifest, name: string): ToolManifest | undefined {
  const own = plugin.tools.find((tool) => tool.id === name);
  return own ?? plugin.tools.find((tool) => tool.id === toolAliases[name]);
}
