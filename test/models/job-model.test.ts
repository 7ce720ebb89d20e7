// A job on another model than the one in use: real daemons, real workers, and what it leaves of both.
import { openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { colours, ModelHouse, reasonIn, sha256 } from './model-house.ts';

if (noFfmpeg !== null) process.stderr.write(`SKIPPED test/models/job-model: ${noFfmpeg}\n`);

describe.skipIf(noFfmpeg !== null)('a job that names its model', () => {
  let media: MediaFolder;
  let long: string;
  let red: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const quick = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const colour = ['-f', 'lavfi', '-i', 'color=c=0x900000:s=64x64:r=10:d=1'];
    red = await media.make('red.mp4', ...colour, ...quick);
    long = await media.make('long.mp4', ...media.pattern('640x360', 25, 60), ...quick);
  }, 60_000);
  afterAll(() => media.close());

  test('runs on it, one that was uploaded too, and the one in use stays', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    await house.start();
    expect((await house.upload('third.onnx', colours('third'))).status).toBe(201);
    const video = await openAsBlob(red);
    const [second, third, first] = [
      await house.submit(video, '&model=second&confidence=0.9'),
      // It lies in the data folder, which is hidden from the workers but for this file.
      await house.submit(video, '&model=third&classes=blue&classes=red'),
      await house.submit(video),
    ];
    expect(await house.result(second)).toMatchObject({
      model: { name: 'second', sha256: sha256(colours('second')), settings: { confidence: 0.9, classes: null } },
      summary: { classes: {} },
    });
    expect(await house.result(third)).toMatchObject({
      model: {
        name: 'third',
        sha256: sha256(colours('third')),
        settings: { confidence: 0.25, classes: ['blue', 'red'] },
      },
      summary: { classes: { red: 10 } },
    });
    expect((await house.result(first)).model.name).toBe('first');
    expect(await house.inUse()).toEqual(['first']);
    expect(await house.ask('/v1/system')).toMatchObject({ body: { state: 'ok', model: { name: 'first' } } });
    const refused = await house.ask('/v1/video/submit?plugin_id=yolo&tool=detect&model=secnd', { method: 'POST' });
    expect([refused.status, reasonIn(refused.body)]).toEqual([400, expect.stringContaining('Near: \\"second\\"')]);
  });

  test('fails alone where its model went away or broke while it waited', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    house.put('first', colours('first', 640));
    await house.start();
    const running = await house.submit(await openAsBlob(long));
    const video = await openAsBlob(red);
    const orphan = await house.submit(video, '&model=second');
    rmSync(join(house.folder, 'second.onnx'));
    expect((await house.upload('third.onnx', colours('third'))).status).toBe(201);
    const broken = await house.submit(video, '&model=third');
    writeFileSync(join(house.data, 'models', 'third.onnx'), 'torn');
    const last = await house.submit(video);
    await house.ask(`/v1/jobs/${running}`, { method: 'DELETE' });
    expect((await house.result(last)).model.name).toBe('first');
    expect(await house.job(orphan)).toMatchObject({ status: 'failed', error_code: 'model-not-found' });
    const failed = await house.job(broken);
    expect(failed).toMatchObject({ status: 'failed', error_code: 'model-invalid', options: { model: 'third' } });
    expect(failed.error_message).toContain('The model "third" cannot be loaded');
    expect(failed.error_message).not.toContain(house.data);
    expect(await house.ask('/v1/system')).toMatchObject({ body: { state: 'ok', model: { name: 'first' } } });
  });

  test('goes on with it when the daemon comes back', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    house.put('second', colours('second', 640));
    await house.start();
    const id = await house.submit(await openAsBlob(long), '&model=second&confidence=0.3');
    await expect.poll(async () => (await house.job(id)).current_frame, { timeout: 20_000 }).toBeGreaterThan(50);
    await house.stop();
    await house.start();
    const known = (await house.job(id)).current_frame;
    await expect.poll(async () => (await house.job(id)).current_frame, { timeout: 20_000 }).toBeGreaterThan(known);
    expect(await house.job(id)).toMatchObject({
      options: { model: 'second', confidence: 0.3 },
      model: { name: 'second', settings: { confidence: 0.3 } },
    });
  });
});
