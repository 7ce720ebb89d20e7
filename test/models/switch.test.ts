// A model is changed while the appliance works: what runs, what comes after, and what a restart finds.
import { openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { SystemView } from '../../appliance/contract/api.ts';
import { spawnDaemon } from '../support/daemon.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { colours, ModelHouse, sha256 } from './model-house.ts';

if (noFfmpeg !== null) process.stderr.write(`SKIPPED test/models/switch: ${noFfmpeg}\n`);

describe.skipIf(noFfmpeg !== null)('a change of the model', () => {
  let media: MediaFolder;
  let long: string;
  let red: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const quick = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    // Dark, so that its score is about a half: above the usual threshold, below a higher one.
    const colour = ['-f', 'lavfi', '-i', 'color=c=0x900000:s=64x64:r=10:d=1'];
    red = await media.make('red.mp4', ...colour, ...quick);
    long = await media.make('long.mp4', ...media.pattern('640x360', 25, 60), ...quick);
  }, 60_000);
  afterAll(() => media.close());

  test('reaches the next job, and the one that runs finishes on its own model', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    house.put('first', colours('first', 640));
    await house.start();
    const told: (string | undefined)[] = [];
    const socket = io(house.daemon.url, { transports: ['websocket'] });
    onTestFinished(() => void socket.disconnect());
    socket.on('system', (system: SystemView) => told.push(system.model?.name));
    await socket.timeout(5000).emitWithAck('watch', { all: true });

    const running = await house.submit(await openAsBlob(long));
    await expect.poll(async () => (await house.job(running)).current_frame, { timeout: 20_000 }).toBeGreaterThan(0);
    const change = await house.send('PUT', '/v1/models/default', { name: 'second' });
    expect(change.body).toMatchObject({ name: 'second', in_use: true });
    expect(await house.job(running), 'the long job is still at work').toMatchObject({ status: 'running' });
    const next = await house.submit(await openAsBlob(red));
    expect((await house.result(running)).model).toMatchObject({ name: 'first', sha256: sha256(colours('first', 640)) });
    expect((await house.result(next)).model).toMatchObject({ name: 'second', sha256: sha256(colours('second')) });
    await expect.poll(() => told).toContain('second');
  });

  test('is still there after a restart, unless VEDETTE_MODEL says otherwise', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    await house.start();
    expect((await house.upload('third.onnx', colours('third'))).status).toBe(201);
    await house.send('PATCH', '/v1/models/third', { confidence: 0.4 });
    await house.send('PUT', '/v1/models/default', { name: 'third' });
    await house.stop();

    await house.start();
    expect(await house.inUse()).toEqual(['third']);
    expect((await house.result(await house.submit(await openAsBlob(red)))).model).toMatchObject({
      name: 'third',
      sha256: sha256(colours('third')),
      settings: { confidence: 0.4 },
    });
    await house.stop();

    await house.start({ VEDETTE_MODEL: 'second' });
    expect(await house.inUse()).toEqual(['second']);
  });

  test('leaves the way open for another where the chosen one is broken at the next start', async () => {
    const house = new ModelHouse();
    await house.start();
    expect((await house.upload('third.onnx', colours('third'))).status).toBe(201);
    await house.send('PUT', '/v1/models/default', { name: 'third' });
    await house.stop();
    writeFileSync(join(house.data, 'models', 'third.onnx'), 'broken');
    await house.start();
    expect(await house.ask('/v1/system')).toMatchObject({ body: { state: 'degraded', model: null } });
    expect((await house.send('PUT', '/v1/models/default', { name: 'first' })).status).toBe(200);
    expect(await house.ask('/v1/system')).toMatchObject({ body: { state: 'ok', model: { name: 'first' } } });
  }, 60_000);

  test('takes place by itself where the file of the model in use is replaced', { timeout: 60_000 }, async () => {
    const house = new ModelHouse();
    await house.start();
    house.put('first', colours('a better one'));
    await house.daemon.logged('model was replaced');
    const { model } = await house.result(await house.submit(await openAsBlob(red)));
    expect(model).toMatchObject({ name: 'first', sha256: sha256(colours('a better one')) });
  });

  test('settings hold for the jobs after them, and stand in their results', { timeout: 90_000 }, async () => {
    const house = new ModelHouse();
    house.put('models.yaml', 'default: second\nmodels:\n  second:\n    aliases: { red: brick }\n');
    await house.start();
    expect(await house.inUse()).toEqual(['second']);
    const analyse = async () => house.result(await house.submit(await openAsBlob(red)));
    expect(await analyse()).toMatchObject({
      summary: { classes: { brick: 10 } },
      model: { name: 'second', settings: { aliases: { red: 'brick' }, classes: null, confidence: 0.25, iou: 0.7 } },
    });
    await house.send('PATCH', '/v1/models/second', { aliases: { red: 'ball' } });
    expect((await analyse()).summary.classes).toEqual({ ball: 10 });
    await house.send('PATCH', '/v1/models/second', { confidence: 0.9 });
    expect((await analyse()).summary.classes).toEqual({});
    await house.send('PATCH', '/v1/models/second', { confidence: null, classes: ['blue', 'green'] });
    expect(await analyse()).toMatchObject({
      summary: { classes: {} },
      model: { settings: { classes: ['blue', 'green'] } },
    });
  });

  test("the operator's mistakes keep it from starting, and later ones are told", { timeout: 60_000 }, async () => {
    const house = new ModelHouse();
    house.put('models.yaml', 'models:\n  first:\n    confidence: high\n    colour: red\n');
    const failed = spawnDaemon({ folder: house.data, env: { VEDETTE_MODELS: house.folder, VEDETTE_MODEL: 'first' } });
    expect(await failed.exited).toBe(78);
    expect(failed.stderr()).toContain('models.first.confidence');
    expect(failed.stderr()).toContain('colour');

    house.put('models.yaml', 'models:\n  first:\n    confidence: 0.5\n');
    await house.start();
    house.put('models.yaml', 'models:\n  first:\n    confidence: high\n');
    await expect
      .poll(async () => JSON.stringify((await house.ask('/v1/system')).body), { timeout: 5000 })
      .toContain('models.first.confidence');
    expect((await house.seen('first')).settings.confidence, 'the last good one holds').toBe(0.5);
    house.put('models.yaml', 'models:\n  first:\n    classes: [rad]\n');
    await expect
      .poll(async () => JSON.stringify((await house.ask('/v1/system')).body), { timeout: 5000 })
      .toContain('no class \\"rad\\". Near: \\"red\\"');
  });
});
