// Pages of frames: which are asked for, which are kept, and that a moment never brings another moment's boxes.
import { describe, expect, test } from 'vitest';
import type { ResultFrame } from '../../appliance/contract/frame.ts';
import { noAnswer } from '../../ui/src/wire/answers.ts';
import { Refusal } from '../../ui/src/wire/requests.ts';
import { appearances, besideFrame } from '../../ui/src/screens/result/appearances.ts';
import { FrameStore } from '../../ui/src/screens/result/frame-store.svelte.ts';
import { Span } from '../../appliance/daemon/results/span.ts';
import { objectsIn } from '../../appliance/contract/found.ts';

/** `times`: of the frames, in seconds; `seen`: where a dog is. */
function result(times: readonly number[], seen: (index: number) => boolean = () => true): ResultFrame[] {
  return times.map((pts_s, frame_index) => {
    const detections = seen(frame_index)
      ? {
          xyxy: [[1, 2, 3, 4] as [number, number, number, number]],
          confidence: [0.9],
          class_id: [3],
          class_name: ['dog'],
        }
      : { xyxy: [], confidence: [], class_id: [], class_name: [] };
    return { frame_index, pts_s, detections };
  });
}

const steady = (count: number, fps = 25): number[] => Array.from({ length: count }, (_, n) => n / fps);

function storeOf(frames: readonly ResultFrame[], fps = 25) {
  const asked: number[] = [];
  const store = new FrameStore({
    load: async (offset, limit) => {
      asked.push(offset);
      await Promise.resolve();
      return frames.slice(offset, offset + limit);
    },
    fps,
    pageSize: 100,
    mostPages: 3,
  });
  return { asked, store };
}

const indexAt = (store: FrameStore, pts: number): number | string => {
  const found = store.find(pts, 'nearest');
  return found.state === 'found' ? found.frame.index : found.state;
};

describe('the frames of a result', () => {
  test('are asked for around the moment that is looked at, and for what comes after it', async () => {
    const { asked, store } = storeOf(result(steady(1000)));
    store.aim(20.5);
    expect(indexAt(store, 20.5)).toBe('loading');
    await expect.poll(() => indexAt(store, 20.52)).toBe(513);
    expect(asked).toContain(0);
    await expect.poll(() => asked).toContain(600);
    expect(asked).not.toContain(300);
  });

  test('are kept within the bound, those that were used last', async () => {
    const { asked, store } = storeOf(result(steady(1000)));
    for (const at of [50, 150, 250, 350, 50]) expect((await store.get(at))?.index).toBe(at);
    expect(asked.filter((offset) => offset === 0)).toHaveLength(2);
    expect(store.at(350)?.index).toBe(350);
  });

  test('belong to exactly the picture of their time: between two of them nothing is shown', async () => {
    const { store } = storeOf(result([0, 0.04, 0.08, 0.16, 0.2]));
    expect((await store.get(4))?.index).toBe(4);
    expect(indexAt(store, 0.0404)).toBe(1);
    expect(indexAt(store, 0.08)).toBe(2);
    expect(indexAt(store, 0.12)).toBe('none');
    expect(indexAt(store, 0.159)).toBe(3);
    expect(indexAt(store, 0.24)).toBe('none');
    const under = store.find(0.12, 'under');
    expect(under.state === 'found' && under.frame.index).toBe(2);
  });

  test('are found at the seam of two pages', async () => {
    const { store } = storeOf(result(steady(250)));
    await store.get(99);
    await store.get(100);
    expect([98, 99, 100, 101].map((at) => indexAt(store, at / 25))).toEqual([98, 99, 100, 101]);
    expect(indexAt(store, 99.5 / 25)).toBe('none');
  });

  test('are found where the frame rate is not what the source says', async () => {
    // Four frames a second, then fifty.
    const times = Array.from({ length: 900 }, (_, n) => (n < 200 ? n / 4 : 50 + (n - 200) / 50));
    const { store } = storeOf(result(times), 25);
    for (const at of [899, 450, 150, 201, 0]) {
      store.aim(times[at] ?? 0);
      await expect.poll(() => indexAt(store, times[at] ?? 0)).toBe(at);
    }
  });

  test('have an end, and beyond it there is nothing to wait for', async () => {
    const { store } = storeOf(result(steady(200)));
    store.aim(60);
    await expect.poll(() => indexAt(store, 60)).toBe('none');
    expect(await store.get(200)).toBeUndefined();
  });

  test('become more while the job runs', async () => {
    const frames = result(steady(30));
    const { store } = storeOf(frames);
    expect(await store.get(30)).toBeUndefined();
    frames.push(...result(steady(60)).slice(30));
    store.grow(60, false);
    expect((await store.get(59))?.index).toBe(59);
  });

  test('say why they do not come, and come when asked again', async () => {
    let answering = false;
    const store = new FrameStore({
      load: async () => {
        await Promise.resolve();
        if (!answering) throw new Refusal(noAnswer);
        return result(steady(10));
      },
      fps: 25,
    });
    expect(await store.get(3)).toBeUndefined();
    expect(store.problem).toEqual(noAnswer);
    answering = true;
    store.retry();
    expect((await store.get(3))?.index).toBe(3);
    expect(store.problem).toBeNull();
  });

  test('bring the next and the previous appearance of a class, to the very frame', async () => {
    const frames = result(steady(500), (index) => (index >= 37 && index < 90) || (index >= 301 && index < 400));
    const span = new Span(0, 20, 300);
    for (const frame of frames) span.add(frame.frame_index, frame.pts_s, objectsIn(frame));
    const list = appearances(span.timeline('00000000-0000-4000-8000-000000000001'), 'dog');
    const { store } = storeOf(frames);
    const from = async (at: number, direction: 1 | -1) => {
      const frame = await store.get(at);
      if (!frame) throw new Error(`there is a frame ${at}`);
      return (await besideFrame(list, { className: 'dog', from: frame, direction, store }))?.index;
    };
    expect(await from(0, 1)).toBe(37);
    expect(await from(37, 1)).toBe(301);
    expect(await from(350, 1)).toBeUndefined();
    expect(await from(450, -1)).toBe(301);
    expect(await from(301, -1)).toBe(37);
    expect(await from(37, -1)).toBeUndefined();
  });
});
