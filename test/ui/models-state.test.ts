// What the screen knows of models: when it asks again, what an order leaves behind, and settings that are not kept yet.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ModelList, ModelSight, ModelView } from '../../appliance/contract/model-api.ts';
import { Check } from '../../ui/src/screens/models/check.svelte.ts';
import { SettingsDraft } from '../../ui/src/screens/models/settings-draft.svelte.ts';
import { Models, type ModelsOptions } from '../../ui/src/state/models.svelte.ts';
import { Uploads } from '../../ui/src/state/uploads.svelte.ts';
import { Refusal } from '../../ui/src/wire/requests.ts';
import { noAnswer } from '../../ui/src/wire/answers.ts';

const settings = { confidence: 0.25, iou: 0.7, classes: null, aliases: {} };

function view(state: ModelView['state']): ModelView {
  return { name: 'one', in_use: false, state, reason: null, origin: 'upload', size_bytes: 1, card: null, settings };
}

/** An appliance with one model, and how often it was asked. */
function house(orders: Partial<ModelsOptions['appliance']> = {}) {
  const seen: { state: ModelView['state']; asked: number } = { state: 'usable', asked: 0 };
  const ladder: ModelList['ladder'] = { runtime: null, refused: [] };
  const done = (): Promise<void> => Promise.resolve();
  const models = new Models({
    appliance: {
      models: () => {
        seen.asked += 1;
        return Promise.resolve({ models: [view(seen.state)], ladder });
      },
      useModel: done,
      configureModel: done,
      removeModel: done,
      checkModel: () => Promise.reject(new Refusal(noAnswer)),
      ...orders,
    },
    uploads: () =>
      new Uploads({
        send: () => ({ repeatable: false, send: () => new Promise(() => 0), forget: () => undefined }),
        now: () => 0,
      }),
  });
  return { models, seen };
}

describe('the models of the screen', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('are asked for again by themselves only while one is being checked, and somebody looks', async () => {
    const { models, seen } = house();
    models.look();
    expect(seen.asked).toBe(0);
    seen.state = 'checking';
    const stop = models.watch();
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen.asked).toBe(2);
    seen.state = 'usable';
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.asked).toBe(3);
    seen.state = 'checking';
    models.look();
    await vi.advanceTimersByTimeAsync(0);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen.asked).toBe(4);
  });

  test('keep why an order failed, but not that no PIN was given', async () => {
    const refused = { ...noAnswer, status: 400, code: 'model-refused', detail: 'No class.' };
    let code = 'model-refused';
    const { models } = house({ useModel: () => Promise.reject(new Refusal({ ...refused, code })) });
    expect(await models.use('one')).toBe(false);
    expect(models.refusal).toEqual({ of: 'one', refused });
    code = 'pin-required';
    expect(await models.use('one')).toBe(false);
    expect([models.refusal, models.busy]).toEqual([null, null]);
  });
});

describe('settings that are not kept yet', () => {
  test('say all where every class is ticked, and leave names out that are empty', () => {
    const draft = new SettingsDraft(['red', 'green', 'red'], { ...settings, aliases: { red: 'lava' } });
    expect(draft.names).toEqual(['red', 'green']);
    expect(draft.change()).toEqual({ confidence: 0.25, iou: 0.7, classes: 'all', aliases: { red: 'lava' } });
    draft.tick(['green'], false);
    draft.addAlias();
    expect(draft.aliases.map(({ of }) => of)).toEqual(['red', 'green']);
    draft.changeAlias(draft.aliases[0]?.id ?? 0, { told: '  ' });
    expect(draft.change()).toMatchObject({ classes: ['red'], aliases: null });
    draft.tick(['red'], false);
    expect(draft.valid).toBe(false);
  });
});

describe('a picture that is shown to a model', () => {
  test('is counted above the confidence that is tried, and the newest one counts', async () => {
    const seen = (name: string, class_id: number, confidence: number) => {
      return {
        class: name,
        class_id,
        confidence,
        box: [0, 0, 1, 1] as [number, number, number, number],
        track_id: null,
      };
    };
    const objects = [seen('car', 2, 0.9), seen('dog', 5, 0.5), seen('dog', 5, 0.2)];
    const sight: ModelSight = { model: 'one', provider: 'cpu', width: 1, height: 1, ms: 1, objects };
    const waiting: ((sight: ModelSight) => void)[] = [];
    const { models } = house({ checkModel: () => new Promise((resolve) => waiting.push((it) => resolve(it))) });
    const check = new Check(models, 'one', 0.4);
    const picture = new Blob([]);
    void check.show(() => Promise.resolve(picture));
    await vi.waitFor(() => expect(waiting.length).toBe(1));
    const second = check.show(() => Promise.resolve(picture));
    await vi.waitFor(() => expect(waiting.length).toBe(2));
    waiting[0]?.({ ...sight, model: 'old' });
    waiting[1]?.(sight);
    await second;
    expect(check.sight?.model).toBe('one');
    expect(check.counts).toEqual([
      { name: 'car', id: 2, count: 1 },
      { name: 'dog', id: 5, count: 1 },
    ]);
    check.confidence = 0.1;
    expect(check.counts[0]).toEqual({ name: 'dog', id: 5, count: 2 });
    await check.show(() => Promise.resolve(null));
    expect(check.problem).toEqual({ kind: 'no-picture' });
  });
});
