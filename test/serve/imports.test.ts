// Videos from folders of the machine: what is shown of a stick, what is taken in, and that nothing leads out of it.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import { ImportListing, type ImportCopy, Imports as View } from '../../appliance/contract/import-api.ts';
import { readConfig } from '../../appliance/daemon/config.ts';
import { Imports, type ImportsOptions } from '../../appliance/daemon/imports/imports.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { importRoutes } from '../../appliance/daemon/serve/import-routes.ts';
import { Web } from '../../appliance/daemon/serve/web.ts';
import { Gate } from '../../appliance/daemon/serve/gate.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { tinyMp4 } from './form.ts';
import { log, openGate } from './house.ts';
import { MemoryDesk } from './memory-desk.ts';
import { ModelShelf } from './model-shelf.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { detecting } from '../support/work.ts';

const freely = { admit: () => Promise.resolve(), release: () => undefined };
const order = { folder: 'USB', tool: 'detect', plugin_id: 'yolo' };

/** A stick with `holiday/clip 2.mp4`, `holiday/clip 10.MKV`, a text file and a hidden one. */
async function openStick(options: Partial<ImportsOptions> = {}) {
  const [stick, data] = [tempData(), tempData()];
  const [uploadsDir, jobsDir] = [join(data, 'uploads'), join(data, 'jobs')];
  for (const folder of [uploadsDir, jobsDir, join(stick, 'holiday')]) mkdirSync(folder);
  for (const name of ['clip 10.MKV', 'clip 2.mp4', 'notes.txt', '.hidden.mp4']) {
    writeFileSync(join(stick, 'holiday', name), tinyMp4);
  }
  const stream = new EventStream({ log });
  const told: { copies: readonly ImportCopy[]; at: number }[] = [];
  stream.on('imports-changed', ({ copies }) => told.push({ copies, at: performance.now() }));
  const desk = new MemoryDesk(jobsDir);
  const imports = new Imports({
    folders: [
      { name: 'USB', path: stick },
      { name: 'Camera', path: join(stick, 'not plugged in') },
    ],
    ...{ desk, stream, uploadsDir, jobsDir, maxBytes: 64e6, space: freely, log },
    ...options,
  });
  onTestFinished(() => imports.close());
  const web = new Web({ host: '127.0.0.1', port: 0, gate: new Gate(openGate), log });
  onTestFinished(() => web.close());
  const assignments = new Assignments({
    plugins: new PluginCatalogue(),
    pipelines: new Pipelines(),
    models: new ModelShelf(),
  });
  web.route(...importRoutes({ imports, assignments }));
  const { port } = await web.listen();
  const url = `http://127.0.0.1:${port}/v1/imports`;
  const list = async (path: string, folder = 'USB') =>
    fetch(`${url}/${encodeURIComponent(folder)}/files?path=${encodeURIComponent(path)}`);
  const post = (body: unknown) => fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const view = async () => View.parse(await (await fetch(url)).json());
  const forget = async (id: string) => (await fetch(`${url}/${id}`, { method: 'DELETE' })).status;
  const settled = () =>
    vi.waitFor(
      () => {
        const { copies } = imports;
        expect(copies.filter(({ state }) => state === 'waiting' || state === 'copying')).toEqual([]);
        return copies;
      },
      { timeout: 30_000, interval: 10 },
    );
  return { stick, uploadsDir, jobsDir, stream, told, desk, imports, list, post, view, forget, settled };
}

const Detail = z.object({ detail: z.string() });
const reasonOf = async (answer: Response) => Detail.parse(await answer.json()).detail;

test('a stick shows its folders and its videos, in the order that people count', async () => {
  const { stick, list, view } = await openStick();
  expect(await view()).toEqual({
    folders: [
      { name: 'USB', available: true },
      { name: 'Camera', available: false },
    ],
    copies: [],
  });
  mkdirSync(join(stick, '.Trash'));
  writeFileSync(join(stick, 'a.mp4'), tinyMp4);
  const top = ImportListing.parse(await (await list('')).json());
  expect(top.entries.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
    ['holiday', 'folder', 0],
    ['a.mp4', 'video', tinyMp4.length],
  ]);
  const inside = ImportListing.parse(await (await list('holiday')).json());
  expect(inside).toMatchObject({ path: 'holiday', left_out: 0 });
  expect(inside.entries.map(({ name }) => name)).toEqual(['clip 2.mp4', 'clip 10.MKV']);
  const away = await list('', 'Camera');
  expect([away.status, await reasonOf(away)]).toEqual([404, 'This folder is not there. Is the stick plugged in?']);
  expect((await list('', 'Attic')).status).toBe(404);
});

test('of a folder with very many videos the first 2,000 are shown, and how many are not', async () => {
  const { stick, list } = await openStick();
  mkdirSync(join(stick, 'many'));
  for (let n = 0; n < 2100; n += 1) writeFileSync(join(stick, 'many', `v${n}.ts`), '');
  const { entries, left_out } = ImportListing.parse(await (await list('many')).json());
  expect([entries.length, left_out, entries.at(-1)?.name]).toEqual([2000, 100, 'v1999.ts']);
});

test('what was chosen is copied and becomes jobs, told on its way', async () => {
  const { stick, post, settled, desk, jobsDir, uploadsDir, told, forget, imports } = await openStick();
  const clip = Buffer.concat([tinyMp4, Buffer.alloc(5_000_000, 7)]);
  writeFileSync(join(stick, 'holiday', 'clip 2.mp4'), clip);
  const paths = ['holiday/clip 2.mp4', 'holiday/clip 10.MKV'];
  const answer = await post({ ...order, paths, options: { confidence: 0.4 } });
  expect(answer.status).toBe(202);
  expect(View.parse(await answer.json()).copies.map(({ path, bytes }) => [path, bytes])).toEqual([
    [paths[0], clip.length],
    [paths[1], tinyMp4.length],
  ]);
  const [first, second] = await settled();
  expect(first).toMatchObject({ state: 'done', copied_bytes: clip.length, error: null });
  expect(second).toMatchObject({ state: 'done', folder: 'USB' });
  const [job] = desk.jobs.filter(({ id }) => id === first?.job_id);
  expect(job).toMatchObject({
    ...{ pluginId: 'yolo-tracker', tools: ['video_player_detection'], jobType: 'video', sourceName: 'clip 2.mp4' },
    ...{ sourceBytes: clip.length, sourceType: 'video/mp4', options: { model: null, confidence: 0.4, classes: null } },
  });
  expect(readFileSync(join(jobsDir, job?.id ?? '', 'input')).equals(clip)).toBe(true);
  expect(readdirSync(uploadsDir)).toEqual([]);
  await vi.waitFor(() => expect(told.at(-1)?.copies.map(({ state }) => state)).toEqual(['done', 'done']));
  const gaps = told.slice(1).map(({ at }, index) => at - (told[index]?.at ?? 0));
  expect(Math.min(...gaps, Infinity)).toBeGreaterThan(240);
  expect(await forget(first?.id ?? '')).toBe(204);
  expect(await forget(first?.id ?? '')).toBe(404);
  expect(imports.copies.map(({ id }) => id)).toEqual([second?.id]);
});

test('no path leads out of the folder, nor to what is no plain file', async () => {
  const outside = tempData();
  writeFileSync(join(outside, 'secret.mp4'), tinyMp4);
  const { stick, post, list, imports } = await openStick();
  symlinkSync(outside, join(stick, 'out'));
  symlinkSync(join(outside, 'secret.mp4'), join(stick, 'secret.mp4'));
  symlinkSync('holiday', join(stick, 'within'));
  symlinkSync('loop.mp4', join(stick, 'loop.mp4'));
  mkdirSync(join(stick, 'folder.mp4'));
  spawnSync('mkfifo', [join(stick, 'pipe.mp4')]);
  const refused = [
    ...['../secret.mp4', 'holiday/../../x.mp4', 'holiday/../holiday/clip 2.mp4', './holiday/clip 2.mp4', '..'],
    ...[join(outside, 'secret.mp4'), '/etc/passwd', 'holiday//clip 2.mp4', 'holiday/clip 2.mp4/', 'nul\0.mp4'],
    ...['secret.mp4', 'out/secret.mp4', 'loop.mp4', 'folder.mp4', 'pipe.mp4', 'nobody.mp4', 'x'.repeat(300)],
    // Out and in again.
    `out/../${stick.split('/').at(-1) ?? ''}/holiday/clip 2.mp4`,
  ];
  for (const path of refused) {
    const answer = await post({ ...order, paths: [path] });
    expect([answer.status, answer.headers.get('vedette-fault')], path).toEqual([404, 'import-not-found']);
  }
  for (const path of ['..', 'out', '/etc', 'holiday/..', '\0', 'holiday/clip 2.mp4']) {
    expect((await list(path)).status, path).toBe(404);
  }
  expect(imports.copies).toEqual([]);
  const { entries } = ImportListing.parse(await (await list('')).json());
  expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
    ['folder.mp4', 'folder'],
    ['holiday', 'folder'],
    ['within', 'folder'],
  ]);
  // A link that stays inside is as good as what it leads to.
  expect((await post({ ...order, paths: ['within/clip 2.mp4'] })).status).toBe(202);
});

test('all that was chosen is there, or nothing of it is taken in', async () => {
  const { post, imports } = await openStick();
  expect((await post({ ...order, paths: ['holiday/clip 2.mp4', 'gone.mp4'] })).status).toBe(404);
  expect((await post({ ...order, tool: 'juggle', paths: ['holiday/clip 2.mp4'] })).status).toBe(400);
  expect((await post({ ...order, paths: [] })).status).toBe(422);
  const unknown = await post({ ...order, paths: ['holiday/clip 2.mp4'], options: { model: 'nobody' } });
  expect([unknown.status, await reasonOf(unknown)]).toEqual([400, 'There is no model "nobody".']);
  expect(imports.copies).toEqual([]);
});

test('a file that fails says why, leaves nothing behind, and the others go on', async () => {
  const { stick, post, settled, desk, jobsDir, uploadsDir } = await openStick({
    // Asked once for each file, when its size is known and nothing of it is read.
    space: {
      admit: (bytes) => {
        if (bytes === 3000) truncateSync(join(stick, 'short.mp4'), 1000);
        if (bytes === 4000) throw new Fault('disk-full', 'Not enough space: 1 MB is free.');
        return Promise.resolve();
      },
      release: () => undefined,
    },
  });
  writeFileSync(join(stick, 'short.mp4'), Buffer.concat([tinyMp4, Buffer.alloc(3000 - tinyMp4.length)]));
  writeFileSync(join(stick, 'large.mp4'), Buffer.concat([tinyMp4, Buffer.alloc(4000 - tinyMp4.length)]));
  writeFileSync(join(stick, 'letter.mp4'), 'Dear Sir');
  writeFileSync(join(stick, 'pulled.mp4'), tinyMp4);
  await post({ ...order, paths: ['short.mp4', 'large.mp4', 'letter.mp4', 'pulled.mp4', 'holiday/clip 2.mp4'] });
  rmSync(join(stick, 'pulled.mp4'));
  const copies = await settled();
  expect(copies.map(({ state, error }) => [state, error])).toEqual([
    ['failed', 'The file became shorter while it was copied.'],
    ['failed', 'Not enough space: 1 MB is free.'],
    ['failed', expect.stringContaining('it begins with 44 65 61 72')],
    ['failed', '"pulled.mp4" is not there in this folder.'],
    ['done', null],
  ]);
  expect(desk.jobs).toHaveLength(1);
  expect(readdirSync(uploadsDir)).toEqual([]);
  expect(readdirSync(jobsDir)).toEqual([desk.jobs[0]?.id]);
});

test('a stick that does not let itself be read to the end is told of', async () => {
  // The kernel answers EIO for the first page of a process's memory, as a stick does that is gone.
  const { imports, settled } = await openStick({ folders: [{ name: 'USB', path: `/proc/${process.pid}` }] });
  await imports.order({
    ...{ folder: 'USB', paths: ['mem'], assignment: { ...detecting, options: noJobOptions } },
  });
  expect(await settled()).toMatchObject([{ state: 'failed', error: expect.stringContaining('(EIO)') as string }]);
});

test('one that is under way is stopped, and leaves nothing behind', async () => {
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let asked = false;
  const admit = () => {
    asked = true;
    return gate;
  };
  const { post, imports, forget, settled, uploadsDir, jobsDir, desk } = await openStick({
    space: { admit, release: () => undefined },
  });
  await post({ ...order, paths: ['holiday/clip 2.mp4', 'holiday/clip 10.MKV'] });
  await vi.waitFor(() => expect(asked).toBe(true));
  const [copying, waiting] = imports.copies;
  expect([copying?.state, waiting?.state]).toEqual(['copying', 'waiting']);
  expect(await forget(copying?.id ?? '')).toBe(204);
  goOn();
  expect(await settled()).toMatchObject([{ id: waiting?.id, state: 'done' }]);
  expect([readdirSync(uploadsDir), readdirSync(jobsDir).length, desk.jobs.length]).toEqual([[], 1, 1]);
});

test('where the queue of jobs is full, the rest waits for a place in it', async () => {
  const { post, imports, settled, desk, stream, told } = await openStick();
  desk.full = true;
  await post({ ...order, paths: ['holiday/clip 2.mp4', 'holiday/clip 10.MKV'] });
  await vi.waitFor(() => expect(told).not.toEqual([]));
  expect(imports.copies.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  desk.full = false;
  stream.emit({ kind: 'job-changed', job: makeJob({ status: 'completed' }) });
  expect((await settled()).map(({ state }) => state)).toEqual(['done', 'done']);
});

test('no more than 500 may wait, and the newest 100 that ended are told', { timeout: 40_000 }, async () => {
  const { stick, post, desk, stream, settled } = await openStick();
  const names = Array.from({ length: 110 }, (_, n) => `v${n}.mp4`);
  for (const name of names) writeFileSync(join(stick, name), tinyMp4);
  desk.full = true;
  expect((await post({ ...order, paths: names })).status).toBe(202);
  const refused = await post({ ...order, paths: Array.from({ length: 400 }, () => 'v1.mp4') });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
  expect((await post({ ...order, paths: Array.from({ length: 501 }, () => 'v1.mp4') })).status).toBe(422);
  desk.full = false;
  stream.emit({ kind: 'job-changed', job: makeJob() });
  const copies = await settled();
  expect([copies.length, copies[0]?.path, copies.at(-1)?.path]).toEqual([100, 'v10.mp4', 'v109.mp4']);
  expect(desk.jobs).toHaveLength(110);
});

test('folders are the operator’s to name: where sticks are mounted unless told', () => {
  const file = join(tempData(), 'vedette.yaml');
  const read = (yaml: string) => {
    writeFileSync(file, yaml);
    return readConfig({ VEDETTE_CONFIG: file }).imports;
  };
  expect(read('')).toEqual([{ name: 'USB', path: '/media' }]);
  expect(read('imports: []')).toEqual([]);
  const refusals = [
    ['imports: [{name: A, path: media}]', /imports\.0\.path: .*begins with/],
    ['imports: [{name: A/B, path: /media}]', /imports\.0\.name: .*slashes/],
    ['imports: [{name: A, path: /a}, {name: A, path: /b}]', /imports: two have the same name/],
  ] as const;
  for (const [yaml, words] of refusals) expect(() => read(yaml)).toThrow(words);
});

test('closing stops what is under way', async () => {
  const { post, imports, desk, uploadsDir } = await openStick();
  desk.full = true;
  await post({ ...order, paths: ['holiday/clip 2.mp4'] });
  await imports.close();
  expect(existsSync(uploadsDir) && readdirSync(uploadsDir)).toEqual([]);
  expect(desk.jobs).toEqual([]);
});
