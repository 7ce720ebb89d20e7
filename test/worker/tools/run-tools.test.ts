// Tools side by side over handmade frames: who sees what and when, how their lines become one, and whose failure it is.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../appliance/contract/fault.ts';
import type { DetectionFrame, ResultFrame } from '../../../appliance/contract/frame.ts';
import { Ahead } from '../../../appliance/worker/ahead.ts';
import type { Frame } from '../../../appliance/worker/ingest/frames.ts';
import { runTools } from '../../../appliance/worker/tools/run-tools.ts';
import type { Tool, ToolWork } from '../../../appliance/worker/tools/tool.ts';

const nothing = { xyxy: [], confidence: [], class_id: [], class_name: [] };
const signal = new AbortController().signal;

function frame(index: number): Frame {
  const size = { width: 1, height: 1, stride: 4 };
  return { index, ptsS: index / 10, durationS: null, ...size, pixels: new Uint8Array(12), place: () => null };
}

async function* frames(to: number, from = 0): AsyncGenerator<Frame, void> {
  for (let index = from; index < to; index++) yield await Promise.resolve(frame(index));
}

/** What it says of a frame names both. */
function line(id: string, { index, ptsS }: Pick<Frame, 'index' | 'ptsS'>): DetectionFrame {
  const detections = { xyxy: [[0, 0, 1, 1 + index]], confidence: [1], class_id: [0], class_name: [id] };
  return { frame_index: index, pts_s: ptsS, detections } as DetectionFrame;
}

function tool(id: string, run?: (work: ToolWork) => AsyncGenerator<DetectionFrame>): Tool {
  async function* plain(work: ToolWork): AsyncGenerator<DetectionFrame> {
    for await (const one of work.frames) {
      yield line(id, one);
      work.onProgress(one.index + 1, work.totalFrames);
    }
  }
  return { id, run: run ?? plain };
}

interface Given {
  readonly source?: AsyncIterable<Frame, void>;
  readonly from?: number;
  readonly onProgress?: (frame: number, total: number | null) => void;
}

function start(tools: readonly [Tool, ...Tool[]], { source = frames(5), from = 0, onProgress }: Given = {}) {
  const ahead = new Ahead({ frames: source, infer: () => Promise.resolve({}), signal });
  const lines = runTools(tools, {
    ...{ frames: ahead, from, totalFrames: 5, confidence: 0.5, signal },
    detect: () => Promise.resolve(nothing),
    onProgress: onProgress ?? (() => undefined),
    memoryOf: (id) => `memory of ${id}`,
    remember: () => undefined,
  });
  return { ahead, lines };
}

/** The lines until it ends, and what ended it. */
async function outcome(lines: AsyncIterable<ResultFrame>): Promise<{ got: ResultFrame[]; error: unknown }> {
  const got: ResultFrame[] = [];
  try {
    for await (const one of lines) got.push(one);
    return { got, error: null };
  } catch (error) {
    return { got, error };
  }
}

const failed = (message: string) => ({ code: 'tool-failed', message });

describe('several tools', () => {
  test('see every frame each, and their lines come out as one, in the order of the tools', async () => {
    const { lines } = start([tool('b'), tool('a')]);
    const { got, error } = await outcome(lines);
    expect(error).toBeNull();
    expect(got.map((one) => JSON.stringify(one))).toEqual(
      Array.from({ length: 5 }, (_, index) => {
        const [b, a] = ['b', 'a'].map((id) => line(id, frame(index)).detections);
        return JSON.stringify({ frame_index: index, pts_s: index / 10, b: { detections: b }, a: { detections: a } });
      }),
    );
  });

  test('have a frame until the last of them asks for the next, and none is begun before their line was taken', async () => {
    const steps: string[] = [];
    const at = (what: string) => void steps.push(what);
    const quick = tool('quick', async function* ({ frames: given }) {
      for await (const one of given) {
        at(`quick ${one.index}`);
        yield line('quick', one);
      }
    });
    const slow = tool('slow', async function* ({ frames: given }) {
      for await (const one of given) {
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        at(`slow ${one.index} of ${ahead.current?.index ?? -1}`);
        yield line('slow', one);
      }
    });
    const { ahead, lines } = start([quick, slow], { source: frames(3) });
    for await (const { frame_index: index } of lines) {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      at(`line ${index}`);
    }
    expect(steps).toEqual([0, 1, 2].flatMap((n) => [`quick ${n}`, `slow ${n} of ${n}`, `line ${n}`]));
  });

  test('get on however far each looks ahead and however long each takes', async () => {
    const habit = fc.record({ ahead: fc.integer({ min: 0, max: 4 }), turns: fc.array(fc.nat(3), { maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(habit, { minLength: 1, maxLength: 4 }), fc.nat(12), async (habits, count) => {
        const [first, ...others] = habits.map(({ ahead, turns }, at) => {
          return tool(`tool ${at}`, async function* ({ frames: given }) {
            const kept: DetectionFrame[] = [];
            for await (const one of given) {
              for (let turn = turns[one.index % 6] ?? 0; turn > 0; turn--) await Promise.resolve();
              kept.push(line(`tool ${at}`, one));
              if (kept.length > ahead) yield kept.shift() ?? line('', one);
            }
            yield* kept;
          });
        });
        if (!first) return;
        const { got, error } = await outcome(start([first, ...others], { source: frames(count + 1) }).lines);
        expect(error).toBeNull();
        expect(got.map(({ frame_index: index }) => index)).toEqual([...Array(count + 1).keys()]);
      }),
      { numRuns: 100 },
    );
  });

  test('each go on with their own memory', async () => {
    const seen: unknown[] = [];
    const keeper = (id: string) =>
      tool(id, async function* ({ frames: given, memory }) {
        seen.push(memory);
        for await (const one of given) yield line(id, one);
      });
    const { got } = await outcome(start([keeper('a'), keeper('b')], { source: frames(9, 6), from: 6 }).lines);
    expect(got.map(({ frame_index: index }) => index)).toEqual([6, 7, 8]);
    expect(seen).toEqual(['memory of a', 'memory of b']);
  });

  test('have done a frame when each that reports has reported it', async () => {
    const told: number[] = [];
    const silent = tool('silent', async function* ({ frames: given }) {
      for await (const one of given) yield line('silent', one);
    });
    const late = tool('late', async function* ({ frames: given, onProgress }) {
      for await (const one of given) {
        yield line('late', one);
        if (one.index > 2) onProgress(one.index - 1, 5);
      }
    });
    const onProgress = (done: number) => void told.push(done);
    await outcome(start([silent, tool('plain')], { onProgress }).lines);
    expect(told.splice(0)).toEqual([1, 2, 3, 4, 5]);
    await outcome(start([silent, late, tool('plain')], { onProgress }).lines);
    expect(told.splice(0)).toEqual([1, 2, 3]);
    await outcome(start([silent, { ...silent, id: 'other' }], { onProgress }).lines);
    expect(told).toEqual([]);
  });

  test('do not wait for one that hangs when another fails', async () => {
    const hangs = tool('hangs', async function* ({ frames: given }) {
      for await (const one of given) {
        yield line('hangs', one);
        await new Promise(() => undefined);
      }
    });
    const throws = tool('throws', async function* ({ frames: given }) {
      for await (const one of given) {
        yield line('throws', one);
        throw new RangeError('out of ideas');
      }
    });
    const { got, error } = await outcome(start([hangs, throws]).lines);
    expect(got).toHaveLength(1);
    expect(error).toMatchObject(failed('The tool throws failed: out of ideas'));
  });

  test('may not keep the others waiting for hundreds of frames', async () => {
    const never = tool('never', async function* ({ frames: given }) {
      const kept: Frame[] = [];
      for await (const one of given) kept.push(one);
      for (const one of kept) yield line('never', one);
    });
    const { error } = await outcome(start([tool('a'), never], { source: frames(400) }).lines);
    expect(error).toMatchObject(
      failed('The tool never failed: it asked for frame 256 before it said anything of frame 0'),
    );
  });

  test('are told of nothing more when the lines are not wanted any more', async () => {
    const ended: string[] = [];
    const careful = (id: string) =>
      tool(id, async function* ({ frames: given }) {
        try {
          for await (const one of given) yield line(id, one);
        } finally {
          ended.push(id);
        }
      });
    for await (const { frame_index: index } of start([careful('a'), careful('b')]).lines) if (index === 2) break;
    expect(ended).toEqual(['a', 'b']);
  });
});

describe.each([
  ['alone', []],
  ['beside others', [tool('other')]],
] as const)('a tool %s', (_, others) => {
  const wicked = (run: (work: ToolWork) => AsyncGenerator<DetectionFrame>) =>
    outcome(start([tool('wicked', run), ...others]).lines);

  test.each([
    ['it ended without a line of frame 4', (index: number) => (index === 4 ? [] : [index])],
    ['its line of frame 3 came where that of frame 2 was due', (index: number) => (index === 2 ? [] : [index])],
    ['its line of frame 1 came where that of frame 2 was due', (index: number) => (index === 1 ? [1, 1] : [index])],
    ['its line of frame 2 came before the frame', (index: number) => (index === 1 ? [1, 2] : [index])],
    ['its line of frame 5 came before the frame', (index: number) => (index === 4 ? [4, 5] : [index])],
  ])('fails where %s', async (message, said) => {
    const { error } = await wicked(async function* ({ frames: given }) {
      for await (const one of given) for (const index of said(one.index)) yield line('wicked', { ...one, index });
    });
    expect(error).toMatchObject(failed(`The tool wicked failed: ${message}`));
  });

  test('fails where it leaves before the source ends, and not where it leaves with its last frame', async () => {
    const leaving = (last: number) =>
      wicked(async function* ({ frames: given }) {
        for await (const one of given) {
          yield line('wicked', one);
          if (one.index === last) return;
        }
      });
    const { got, error } = await leaving(1);
    expect(got).toHaveLength(2);
    expect(error).toMatchObject(failed('The tool wicked failed: it ended before frame 2, and the source goes on'));
    expect(await leaving(4)).toMatchObject({ got: { length: 5 }, error: null });
  });

  test('keeps the lines of the frames before the one that it fails at', async () => {
    const { got, error } = await wicked(async function* ({ frames: given }) {
      for await (const one of given) {
        if (one.index === 3) throw new RangeError('out of ideas');
        yield line('wicked', one);
      }
    });
    expect(got).toHaveLength(3);
    expect(error).toMatchObject(failed('The tool wicked failed: out of ideas'));
  });

  test('keeps its own words where it has the words of the house', async () => {
    const { error } = await wicked(() => {
      throw new Fault('source-undecodable', 'No.');
    });
    expect(error).toMatchObject({ code: 'source-undecodable', message: 'No.' });
  });

  test('is not to blame for what the source throws', async () => {
    async function* breaking(): AsyncGenerator<Frame, void> {
      yield* frames(2);
      throw await Promise.resolve(new Fault('source-stalled', 'The source stalled.'));
    }
    const { got, error } = await outcome(start([tool('plain'), ...others], { source: breaking() }).lines);
    expect(got).toHaveLength(2);
    expect(error).toMatchObject({ code: 'source-stalled' });
  });
});
