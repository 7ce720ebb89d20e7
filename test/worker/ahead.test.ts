import { describe, expect, test } from 'vitest';
import { Ahead } from '../../appliance/worker/ahead.ts';
import type { Outputs } from '../../appliance/worker/infer/heads/head.ts';
import type { Frame } from '../../appliance/worker/ingest/frames.ts';

function frame(index: number): Frame {
  const size = { width: 1, height: 1, stride: 4 };
  return { index, ptsS: index, durationS: null, ...size, pixels: new Uint8Array(12), place: () => null };
}

async function* frames(count: number): AsyncGenerator<Frame, void> {
  for (let index = 0; index < count; index++) yield await Promise.resolve(frame(index));
}

/** Outputs that tell which frame they are of, given when they are asked for. */
class Network {
  readonly asked: number[] = [];
  most = 0;
  readonly #waiting: (() => void)[] = [];

  readonly infer = ({ index }: Frame): Promise<Outputs> => {
    this.asked.push(index);
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve({ seen: { dims: [1], data: [index] } }));
      this.most = Math.max(this.most, this.#waiting.length);
    });
  };

  answer(): void {
    this.#waiting.shift()?.();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const going = new AbortController().signal;

describe('looking ahead', () => {
  test('gives every frame its own outputs, with the next one begun', async () => {
    const network = new Network();
    const ahead = new Ahead({ frames: frames(5), infer: network.infer, signal: going });
    const seen: unknown[] = [];
    for await (const one of ahead) {
      expect(ahead.current).toBe(one);
      const outputs = ahead.outputs(one);
      await turn();
      if (one.index > 0) expect(network.asked).toEqual(Array.from({ length: Math.min(one.index + 2, 5) }, (_, i) => i));
      network.answer();
      seen.push((await outputs)['seen']?.data);
    }
    expect(seen).toEqual([[0], [1], [2], [3], [4]]);
    expect(network.most).toBe(2);
  });

  test('looks at nothing for a tool that never asks', async () => {
    const network = new Network();
    const indices: number[] = [];
    const ahead = new Ahead({ frames: frames(4), infer: network.infer, signal: going });
    for await (const { index } of ahead) indices.push(index);
    expect([indices, network.asked]).toEqual([[0, 1, 2, 3], []]);
  });

  test('hands out no frame any more once it is aborted', async () => {
    const leaving = new AbortController();
    const handed: number[] = [];
    const work = async () => {
      const options = { frames: frames(9), infer: () => Promise.resolve({}), signal: leaving.signal };
      for await (const { index } of new Ahead(options)) {
        handed.push(index);
        if (index === 3) leaving.abort(new Error('enough'));
      }
    };
    await expect(work()).rejects.toThrow('enough');
    expect(handed).toEqual([0, 1, 2, 3]);
  });

  test('throws what the network throws where its outputs are asked for, and what the source throws behind its frames', async () => {
    async function* breaking(): AsyncGenerator<Frame, void> {
      yield* frames(2);
      throw await Promise.resolve(new Error('source broke'));
    }
    const infer = ({ index }: Frame) =>
      index === 1 ? Promise.reject(new Error('network broke')) : Promise.resolve<Outputs>({});
    const ahead = new Ahead({ frames: breaking(), infer, signal: going });
    const thrown: unknown[] = [];
    const work = async () => {
      for await (const one of ahead) await ahead.outputs(one).catch((error: unknown) => thrown.push(error));
    };
    await expect(work()).rejects.toThrow('source broke');
    expect(thrown).toEqual([new Error('network broke')]);
  });
});
