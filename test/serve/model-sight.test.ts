// A picture shown to a model: a real daemon, real workers, and nothing of it kept.
import { openAsBlob, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ModelSight } from '../../appliance/contract/model-api.ts';
import { encodePng } from '../../appliance/worker/encode-png.ts';
import { colours, ModelHouse, reasonIn } from '../models/model-house.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { tinyMp4 } from './form.ts';

const minute = 60_000;

/** 64 × 32 of one colour. */
function plain(red: number, green: number, blue: number): Promise<Buffer> {
  const [width, height] = [64, 32];
  const pixels = Buffer.concat([red, green, blue].map((level) => Buffer.alloc(width * height, level)));
  return encodePng({ width, height, stride: width, pixels });
}

function show(house: ModelHouse, model: string, picture: Uint8Array) {
  const form = new FormData();
  form.set('file', new File([picture], 'picture.png'));
  return house.ask(`/v1/models/${model}/check`, { method: 'POST', body: form });
}

/** What lies in the folders that pictures come through. */
function left(house: ModelHouse): string[] {
  const folders = ['jobs', 'uploads'].flatMap((name) => readdirSync(join(house.data, name)));
  return folders.filter((name) => name !== 'resumable');
}

test(
  'any usable model says what it sees, however unsure, and nothing is kept of it',
  { timeout: 2 * minute },
  async () => {
    const house = new ModelHouse();
    house.put('junk', 'this is no network');
    await house.start();
    const dark = await plain(40, 5, 5);
    for (const name of ['first', 'second']) {
      const { status, body } = await show(house, name, dark);
      expect(status, JSON.stringify(body)).toBe(200);
      const sight = ModelSight.parse(body);
      expect(sight).toMatchObject({ model: name, provider: 'cpu', width: 64, height: 32 });
      const [seen] = sight.objects;
      // Padding of grey above and below makes the mean: what it sees is below the 0.25 of jobs.
      expect(seen).toMatchObject({ class: 'red', class_id: 0, track_id: null });
      expect(seen?.confidence).toBeLessThan(0.5);
      expect(seen?.box[2]).toBeLessThanOrEqual(64);
    }
    expect(left(house)).toEqual([]);
    expect((await house.ask('/v1/jobs')).body).toEqual({ jobs: [], count: 0 });

    const refused = async (model: string, picture: Uint8Array) => {
      const { status, body } = await show(house, model, picture);
      return [status, reasonIn(body)];
    };
    expect(await refused('nobody', dark)).toEqual([404, '"There is no model nobody"']);
    await house.seen('junk');
    expect(await refused('junk', dark)).toEqual([400, expect.stringContaining('junk cannot be used')]);
    expect(await refused('first', tinyMp4)).toEqual([400, '"Invalid image file (expected PNG or JPEG)"']);
    expect(await refused('first', dark.subarray(0, 60))).toEqual([400, expect.stringContaining('picture')]);
    expect((await refused('first', Buffer.concat([dark, Buffer.alloc(33 * 2 ** 20)])))[0]).toBe(413);
    expect((await house.ask('/v1/models/first/check', { method: 'POST' })).status).toBe(422);
    expect(left(house)).toEqual([]);
    // The one that took the spare left the appliance as it was.
    expect(ModelSight.parse((await show(house, 'first', dark)).body).objects).not.toEqual([]);
    await house.stop();
  },
);

test('four wait for the one that is looked at, and more are asked to come again', { timeout: 2 * minute }, async () => {
  const house = new ModelHouse();
  await house.start();
  const picture = await plain(200, 10, 10);
  const all = await Promise.all(Array.from({ length: 12 }, () => show(house, 'first', picture)));
  const statuses = all.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(5);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  await house.stop();
});

test.skipIf(noFfmpeg !== null)(
  `a picture is looked at while a job runs${noFfmpeg ? ` (${noFfmpeg})` : ''}`,
  { timeout: 2 * minute },
  async () => {
    const media = await MediaFolder.open();
    onTestFinished(() => media.close());
    const house = new ModelHouse();
    house.put('first', colours('first', 640)); // takes its time over each frame
    await house.start();
    const clip = await media.make('long.mp4', ...media.pattern('160x90', 30, 120));
    const id = await house.submit(await openAsBlob(clip));
    await expect.poll(async () => (await house.job(id)).current_frame, { timeout: 20_000 }).toBeGreaterThan(0);
    const picture = await plain(200, 10, 10);
    expect((await show(house, 'first', picture)).status).toBe(200);
    const { status, body } = await show(house, 'second', picture);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(ModelSight.parse(body).objects[0]).toMatchObject({ class: 'red' });
    expect(await house.job(id)).toMatchObject({ status: 'running' });
    await house.stop();
  },
);
