// One picture, one tool, one answer: nothing of it is recorded.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import type { Looker } from '../jobs/looker.ts';
import { objectsIn } from '../../contract/found.ts';
import { ResultFrame, Summary, type ToolOutput } from '../../contract/frame.ts';
import { json } from './answer.ts';
import { Busy } from './busy.ts';
import { chooseTools, type KnownPlugins } from './choose-tool.ts';
import { readOnePicture } from './one-picture.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export interface PluginRunOptions {
  readonly looker: Pick<Looker, 'look'>;
  readonly plugins: KnownPlugins;
  /** At the same time: one is looked at, the others wait, each with its picture in memory. */
  readonly most?: number;
}

const longestReadMs = 15_000;

const RunAnswer = z.object({
  plugin: z.string(),
  tool: z.string(),
  /** The same, by the names of the 0.16.7 web UI. */
  plugin_id: z.string(),
  tool_name: z.string(),
  result: z.object({
    frames: z.array(ResultFrame),
    summary: Summary,
    width: z.number().int(),
    height: z.number().int(),
  }),
  processing_ms: z.number(),
  processing_time_ms: z.number(),
});

const Base64 = z.string().meta({ description: 'PNG or JPEG in base64, with or without the head of a data URL' });

export function pluginRunRoutes({ looker, plugins, most = 4 }: PluginRunOptions): Route[] {
  let underWay = 0;
  return [
    route({
      method: 'POST',
      path: '/v1/plugins/{plugin_id}/tools/{tool}/run',
      summary: 'What a tool sees in one picture, at once; as JSON, or as a form with the field `file`',
      params: z.object({ plugin_id: z.string(), tool: z.string() }),
      body: { type: 'application/json', schema: z.object({ args: z.object({ image: Base64 }) }) },
      answers: {
        200: { description: 'What it sees', schema: RunAnswer },
        400: { description: 'Unknown plugin or tool, or no picture', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        429: { description: 'Others wait already; see Retry-After', schema: Detail },
      },
      handle: async (request) => {
        const { plugin_id: pluginName, tool: toolName } = request.params;
        const { pluginId, tools } = chooseTools(plugins, pluginName, [toolName], 'image_bytes');
        if (underWay >= most) throw new Busy(`${most} pictures wait to be looked at; ask again in a moment.`, 1);
        underWay += 1;
        try {
          const { signal } = request;
          const picture = await arrived(readOnePicture(request));
          const seen = await looker.look({ stream: null, pluginId, tools, ptsS: 0, ...picture, signal });
          const { width, height, outputs, ms } = seen;
          const [tool] = tools;
          const processing_ms = Math.round(ms * 10) / 10;
          return json({
            ...{ plugin: pluginId, tool, plugin_id: pluginId, tool_name: tool },
            result: { ...told(outputs[tool]), width, height },
            ...{ processing_ms, processing_time_ms: processing_ms },
          });
        } finally {
          underWay -= 1;
        }
      },
    }),
  ];
}

/** A place is held meanwhile, so that a picture that trickles in is not waited for. */
async function arrived<T>(reading: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    const fault = new Fault('malformed-request', `The picture did not arrive within ${longestReadMs / 1000} s.`);
    late = setTimeout(reject, longestReadMs, fault);
  });
  reading.catch(() => undefined); // told below, unless it is too late
  return Promise.race([reading, patience]).finally(() => clearTimeout(late));
}

/** As the results of a job with one frame. */
function told(output: ToolOutput | undefined): { frames: ResultFrame[]; summary: Summary } {
  if (!output) throw new Error('a tool was asked and said nothing');
  const frame = { frame_index: 0, pts_s: 0, ...output };
  const counts = new Map<string, number>(); // a class may have any name: `constructor`
  const objects = objectsIn(frame);
  for (const { className: name } of objects) counts.set(name, (counts.get(name) ?? 0) + 1);
  const classes = Object.fromEntries(counts);
  const summary = { total_frames: 1, total_detections: objects.length, classes, fps: 0, duration_s: 0 };
  return { frames: [frame], summary };
}
