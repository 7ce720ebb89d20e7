// A plugin whose tools do all that a plugin must not do. Each spares its first frames, so that there is a place to tell.
import {
  definePlugin,
  type Frame,
  type Line,
  type Tool,
  type ToolWork,
} from '../../../../appliance/worker/tools/plugin-api.ts';

const spared = 3;

/** Works as it should, but for what `act` does or says with a later frame. */
function tool(act: (frame: Frame, work: ToolWork) => unknown): Tool {
  return {
    async *run(work) {
      for await (const frame of work.frames) {
        const line = { frame_index: frame.index, pts_s: frame.ptsS, detections: await work.detect(frame) };
        const said = frame.index < spared ? undefined : await act(frame, work);
        yield (said ?? line) as Line;
      }
    },
  };
}

const held: Uint8Array[] = [];

const tools = {
  throws: tool(() => {
    throw new TypeError('no such thing');
  }),
  throws_beside: tool(async () => {
    setTimeout(() => {
      throw new Error('nobody waits for this');
    });
    await new Promise(() => undefined);
  }),
  hangs: tool(() => new Promise(() => undefined)),
  spins: tool(() => {
    for (let turn = 0; ; turn += 1) if (turn < 0) return;
  }),
  leaks: tool(async () => {
    held.push(new Uint8Array(32 * 2 ** 20).fill(1));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }),
  exits: tool(() => process.exit(0)),
  crashes: tool(() => process.kill(process.pid, 'SIGSEGV')),
  says_nonsense: tool(() => ({ frame_index: 'three', detections: { xyxy: [[1, 2, 3]] } })),
  says_uneven_lists: tool(({ index, ptsS }) => {
    const detections = { xyxy: [[1, 2, 3, 4]], confidence: [], class_id: [0], class_name: ['thing'] };
    return { frame_index: index, pts_s: ptsS, detections };
  }),
  says_another_frame: tool(({ index, ptsS }) => {
    const detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
    return { frame_index: index + 7, pts_s: ptsS, detections };
  }),
  tells_nonsense: tool((_, { onProgress }) => onProgress(Number.NaN, null)),
  stops_early: {
    async *run({ frames }) {
      for await (const { index, ptsS } of frames) {
        const detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
        yield { frame_index: index, pts_s: ptsS, detections };
        if (index === spared) return;
      }
    },
  },
  skips: {
    async *run({ frames }) {
      for await (const { index, ptsS } of frames) {
        const detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
        if (index !== spared) yield { frame_index: index, pts_s: ptsS, detections };
      }
    },
  },
} as const satisfies Record<string, Tool>;

const ids = Object.keys(tools) as (keyof typeof tools)[];

export const plugin = definePlugin({
  manifest: {
    id: 'wicked',
    name: 'Wicked',
    version: '1.0.0',
    tools: ids.map((id) => ({ id, input_types: ['video'], output_types: ['video_detections'], capabilities: [] })),
  },
  tools,
});
