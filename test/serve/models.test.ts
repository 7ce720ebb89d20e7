// Models over REST, with a real daemon, real workers and real networks.
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { colours, ModelHouse, reasonIn, sha256 } from '../models/model-house.ts';
import { tempData } from '../support/temp-data.ts';
import { colourModel } from '../worker/onnx-file.ts';
import { formType, partHead } from './form.ts';

const minute = 60_000;

/** What lies in the folder of uploaded models. */
function kept(house: ModelHouse): string[] {
  const all = readdirSync(join(house.data, 'models'), { recursive: true }).map(String);
  return all.filter((name) => name !== '.incoming').sort();
}

test('every file in the folder has its card, and one that is no model its reason', { timeout: minute }, async () => {
  const house = new ModelHouse();
  house.put('junk', 'this is no network');
  house.put('two words.onnx', colours('words'));
  await house.start();
  expect(await house.seen('first')).toMatchObject({
    in_use: true,
    state: 'usable',
    origin: 'folder',
    size_bytes: colours('first').length,
    card: {
      name: 'first',
      sha256: sha256(colours('first')),
      classes: ['red', 'green', 'blue'],
      provider: 'cpu',
      task: 'detect',
      inputWidth: 64,
    },
    settings: { confidence: 0.25, iou: 0.7, classes: null, aliases: {} },
  });
  expect(await house.seen('second')).toMatchObject({ in_use: false, card: { sha256: sha256(colours('second')) } });
  const junk = await house.seen('junk');
  expect(junk).toMatchObject({ state: 'unusable', card: null });
  expect(junk.reason).toContain('not a readable ONNX file');
  expect(junk.reason).not.toContain(house.folder);
  expect((await house.seen('two words')).reason).toContain('Rename the file');

  const { status, body } = await house.ask('/v1/models/nobody');
  expect([status, reasonIn(body)]).toEqual([404, '"There is no model nobody"']);
});

test('a file that is put into the folder is there without a restart, and behind a link too', async () => {
  const house = new ModelHouse();
  await house.start();
  house.put('late', colours('late'));
  expect(await house.seen('late')).toMatchObject({ state: 'usable' });
  const elsewhere = tempData();
  mkdirSync(join(elsewhere, 'far'));
  renameSync(join(house.folder, 'late.onnx'), join(elsewhere, 'far', 'late.onnx'));
  symlinkSync(join(elsewhere, 'far', 'late.onnx'), join(house.folder, 'linked.onnx'));
  expect(await house.seen('linked')).toMatchObject({ state: 'usable' });
  expect((await house.list()).map(({ name }) => name)).toEqual(['first', 'linked', 'second']);
}, 60_000);

test(
  'an uploaded model is checked, listed, used, and removed when another is in use',
  { timeout: minute },
  async () => {
    const house = new ModelHouse();
    await house.start();
    const { status, body } = await house.upload('My Model (1).onnx', colours('mine'));
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({ name: 'My-Model-1-', origin: 'upload', state: 'usable', in_use: false });
    expect(kept(house)).toEqual(['My-Model-1-.onnx']);

    expect((await house.upload('first.onnx', colours('other'))).status).toBe(409);
    expect(reasonIn((await house.upload('first.onnx', colours('other'))).body)).toContain(
      'There is a model first already',
    );

    expect((await house.send('PUT', '/v1/models/default', { name: 'My-Model-1-' })).status).toBe(200);
    expect(await house.inUse()).toEqual(['My-Model-1-']);
    const used = await house.ask('/v1/models/My-Model-1-', { method: 'DELETE' });
    expect([used.status, reasonIn(used.body)]).toEqual([409, '"My-Model-1- is in use. Use another model first."']);
    expect((await house.ask('/v1/models/first', { method: 'DELETE' })).status).toBe(403);

    await house.send('PUT', '/v1/models/default', { name: 'second' });
    expect(await house.ask('/v1/models/My-Model-1-', { method: 'DELETE' })).toEqual({
      status: 200,
      body: { status: 'deleted', name: 'My-Model-1-' },
    });
    expect(kept(house)).toEqual(['models.yaml']);
  },
);

test('what is no model, or too large, or cut, leaves nothing behind', { timeout: minute }, async () => {
  const house = new ModelHouse();
  await house.start();
  const garbage = await house.upload('garbage.onnx', Buffer.alloc(50_000, 'abc'));
  expect(garbage.status).toBe(400);
  expect(reasonIn(garbage.body)).toContain('not a readable ONNX file');
  expect(reasonIn(garbage.body)).not.toContain(house.data);
  const text = await house.upload('notes.txt', 'hello');
  expect([text.status, reasonIn(text.body)]).toEqual([400, expect.stringContaining('Models end in .onnx')]);
  const large = await house.upload('large.onnx', Buffer.alloc(3 * 2 ** 20));
  expect([large.status, reasonIn(large.body)]).toEqual([413, expect.stringContaining('larger than')]);
  const none = await house.ask('/v1/models', { method: 'POST', body: new FormData() });
  expect(none.status).toBe(422);
  expect((await house.upload('default.onnx', colours('x'))).status).toBe(400);

  const { hostname, port } = new URL(house.daemon.url);
  const socket = connect(Number(port), hostname);
  const head = `POST /v1/models HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${formType}\r\nContent-Length: 90000\r\n\r\n`;
  socket.write(head + partHead({ name: 'file', more: 'filename="cut.onnx"' }));
  socket.write(Buffer.alloc(30_000));
  await expect.poll(() => kept(house).length).toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(() => kept(house)).toEqual([]);
  expect((await house.upload('cut.onnx', colours('cut'))).status).toBe(201);
});

test('class names may come along in a file of their own', { timeout: minute }, async () => {
  const house = new ModelHouse();
  await house.start();
  const nameless = colourModel({ width: 64, height: 64, box: [32, 32, 40, 40], metadata: { task: 'detect' } });
  const named = await house.upload('named.onnx', nameless, '["rot", "gruen", "blau"]');
  expect(named.body).toMatchObject({ card: { classes: ['rot', 'gruen', 'blau'] } });
  expect(kept(house)).toEqual(['named.json', 'named.onnx']);
  expect((await house.upload('other.onnx', nameless, 'no json')).status).toBe(400);
  await house.ask('/v1/models/named', { method: 'DELETE' });
  expect(kept(house)).toEqual(['models.yaml']);
});

test('a disk without room takes no model', { timeout: minute }, async () => {
  const house = new ModelHouse();
  await house.start({}, 'serve:\n  disk_reserve_mb: 1000000000\n');
  const { status, body } = await house.upload('mine.onnx', colours('mine'));
  expect([status, reasonIn(body)]).toEqual([507, expect.stringContaining('Not enough space')]);
  expect(kept(house)).toEqual([]);
});

test('a model that cannot be loaded is not put into use', { timeout: minute }, async () => {
  const house = new ModelHouse();
  house.put('wide', colourModel({ width: 64, height: 64, box: [1, 1, 1, 1] }).slice(0, 300));
  await house.start();
  const refused = await house.send('PUT', '/v1/models/default', { name: 'wide' });
  expect(refused.status, JSON.stringify(refused.body)).toBe(400);
  expect(await house.inUse()).toEqual(['first']);
  expect((await house.send('PUT', '/v1/models/default', { name: 'nobody' })).status).toBe(404);
  expect((await house.send('PUT', '/v1/models/default', { nme: 'first' })).status).toBe(422);
  expect((await house.ask('/v1/models/default', { method: 'PUT', body: 'no json' })).status).toBe(400);
});

test('settings that do not fit are refused with what is near, and those that fit are kept', async () => {
  const house = new ModelHouse();
  await house.start();
  const wrong = await house.send('PATCH', '/v1/models/first', { classes: ['Red', 'blu'] });
  expect([wrong.status, reasonIn(wrong.body)]).toEqual([400, '"This model has no class \\"Red\\". Near: \\"red\\"."']);
  expect((await house.send('PATCH', '/v1/models/first', { confidence: 2 })).status).toBe(422);
  expect((await house.send('PATCH', '/v1/models/first', { colour: 2 })).status).toBe(422);
  expect((await house.send('PATCH', '/v1/models/first', { aliases: { pink: 'x' } })).status).toBe(400);

  const right = await house.send('PATCH', '/v1/models/first', {
    classes: ['red'],
    confidence: 0.6,
    aliases: { red: 'ball' },
  });
  expect(right.body).toMatchObject({
    settings: { classes: ['red'], confidence: 0.6, iou: 0.7, aliases: { red: 'ball' } },
  });
  const back = await house.send('PATCH', '/v1/models/first', { classes: 'all', confidence: null });
  expect(back.body).toMatchObject({ settings: { classes: null, confidence: 0.25, aliases: { red: 'ball' } } });
  expect(readFileSync(join(house.data, 'models', 'models.yaml'), 'utf8')).toContain('red: ball');
}, 60_000);
