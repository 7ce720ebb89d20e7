// What a worker makes beside its results, by real workers in the real sandbox and without one.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { noProducts, Products } from '../../appliance/contract/products.ts';
import { handOver, noteMade, readNote } from '../../appliance/daemon/jobs/delivery-note.ts';
import { isolate } from '../../appliance/daemon/jobs/isolation.ts';
import { dropProducts, namesOf, verifyProducts } from '../../appliance/daemon/jobs/products.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const log = pino({ level: 'silent' });

async function openConfined(mode: 'auto' | 'off') {
  const data = tempData();
  const jobs = join(data, 'jobs');
  mkdirSync(jobs, { recursive: true });
  const { confinement, by } = await isolate({ mode, data, jobs, root, models: [], secrets: [], log });
  const products = (id: string) => readdirSync(join(jobs, id)).filter((name) => /^(annotated|clip)/.test(name));
  return { jobs, by, products, desk: await openDesk({ folder: data, confinement }) };
}

const clip = {
  ...{ number: 1, class: 'thing', seen_from_s: 1, seen_to_s: 2, from_s: 0, to_s: 3, best: 0.9 },
  bytes: 9,
};

describe.each(['auto', 'off'] as const)('what a worker makes beside its results (isolation %s)', (mode) => {
  test('lies in the folder of its job before that is told as completed', async ({ skip }) => {
    const { jobs, by, products, desk } = await openConfined(mode);
    if (mode === 'auto' && by !== 'bubblewrap') return skip('no bubblewrap here');
    const { id } = desk.submit({ behaviour: 'makes products', frames: 3 });
    const job = await desk.ended(id);
    expect(job).toMatchObject({ status: 'completed', products: { clips: [{ number: 1 }] } });
    const made = ['annotated.mp4', 'clip-0001.jpg', 'clip-0001.json', 'clip-0001.mkv'];
    expect(products(id), 'only what it told of reaches it').toEqual(
      mode === 'auto' ? made : [...made, 'clip-0002.mp4'],
    );
    expect(readFileSync(join(jobs, id, 'clip-0001.mkv'))).toEqual(readFileSync(join(jobs, id, 'input')));
    const notes: unknown = JSON.parse(readFileSync(join(jobs, id, 'clip-0001.json'), 'utf8'));
    expect(notes).toMatchObject({ job_id: id, source_name: 'makes products.mp4', file: 'clip-0001.mkv', best: 0.9 });
  });

  test.for([
    ['makes less than it says', /annotated\.mp4 of \d+ bytes; it has 7/],
    ['makes nothing of what it says', mode === 'auto' ? /has not made/ : /is not there/],
    ['makes a link', /is not there|is no file/],
  ] as const)('is not believed of one that %s, and nothing of it stays', async ([behaviour, words], { skip }) => {
    const { by, products, desk } = await openConfined(mode);
    if (mode === 'auto' && by !== 'bubblewrap') return skip('no bubblewrap here');
    const { id } = desk.submit({ behaviour, frames: 3 });
    const { status, error } = await desk.ended(id);
    expect([status, error?.code]).toEqual(['failed', 'worker-lied']);
    expect(error?.message).toMatch(words);
    expect(products(id)).toEqual([]);
  });

  test('is gone where the job fails, and where it runs again', async () => {
    const { jobs, products, desk } = await openConfined(mode);
    const { id } = desk.submit({ behaviour: 'makes products and fails', frames: 3 });
    expect((await desk.ended(id)).error).toMatchObject({ code: 'clip-failed' });
    expect(products(id)).toEqual([]);
    writeFileSync(join(jobs, id, 'input'), JSON.stringify({ behaviour: 'finishes', frames: 3 }));
    writeFileSync(join(jobs, id, 'clip-0007.mkv'), 'of an earlier run');
    await desk.jobs.retry(id);
    await expect.poll(() => desk.jobs.get(id)?.status, { timeout: 15_000 }).toBe('completed');
    expect(desk.jobs.get(id)?.products).toEqual(noProducts);
    expect(products(id)).toEqual([]);
  });
});

test('what is known of a clip is not written through a link that its worker made', async () => {
  const { jobs, desk } = await openConfined('off');
  const { id } = desk.submit({ behaviour: 'makes a link of its notes', frames: 3 });
  expect(await desk.ended(id)).toMatchObject({ status: 'completed' });
  expect(readFileSync(join(jobs, id, 'input'), 'utf8')).toBe('{"behaviour":"makes a link of its notes","frames":3}');
  expect(readFileSync(join(jobs, id, 'clip-0001.json'), 'utf8')).toContain('"class": "thing"');
});

test('what was made for delivery is not noted through a link either', async () => {
  const folder = tempData();
  for (const name of ['frames.ndjson', 'of another']) writeFileSync(join(folder, name), '');
  symlinkSync(join(folder, 'of another'), join(folder, `${jobFiles.delivery}.new`));
  const summary = { total_frames: 0, total_detections: 0, classes: {}, fps: 0, duration_s: 0 };
  await noteMade(folder, { summary, warnings: [], products: noProducts });
  expect(readFileSync(join(folder, 'of another'), 'utf8')).toBe('');
  expect(await readNote(folder, log)).toMatchObject({ summary });
});

test('a note that cannot be read is as good as none', async () => {
  const folder = tempData();
  mkdirSync(join(folder, jobFiles.delivery));
  expect(await readNote(folder, log)).toBeNull();
  await dropProducts(folder);
  writeFileSync(join(folder, jobFiles.delivery), '{');
  expect(await readNote(folder, log)).toBeNull();
});

test('what was made stays noted for the next daemon where this one leaves, and goes where the job is cancelled', async () => {
  const folder = tempData();
  writeFileSync(join(folder, jobFiles.frames), '');
  const summary = { total_frames: 0, total_detections: 0, classes: {}, fps: 0, duration_s: 0 };
  const made = { summary, warnings: [], products: noProducts };
  await expect(handOver(folder, made, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readNote(folder, log)).toMatchObject({ summary });
  await dropProducts(folder);
  expect(await readNote(folder, log)).toBeNull();
});

test('a folder that cannot be written down is a fault of the job, and no bug', async () => {
  const folder = tempData();
  writeFileSync(join(folder, 'annotated.mp4'), 'a video');
  // The file is found by this path, the folder is not.
  const nowhere = `${folder}/gone/..`;
  const products = { ...noProducts, annotated_bytes: 7 };
  await expect(verifyProducts(nowhere, products)).rejects.toMatchObject({ name: 'Fault', code: 'artifact-failed' });
});

test('names of files are made of numbers alone, and no two clips may be one', () => {
  const products: Products = Products.parse({
    annotated_bytes: 3,
    clips: [
      { ...clip, type: 'video/mp4', poster: true },
      { ...clip, number: 12345, type: 'video/x-matroska', poster: false },
    ],
    deliveries: [],
  });
  expect(namesOf(products)).toEqual(['annotated.mp4', 'clip-0001.mp4', 'clip-0001.jpg', 'clip-12345.mkv']);
  const [first] = products.clips;
  expect(() => namesOf({ ...products, clips: first ? [first, first] : [] })).toThrow(/two clips of one number/);
});

test('what was made is dropped, and nothing else', async () => {
  const folder = tempData();
  const kept = ['annotated.mp4.txt', 'clip-1.mp4', 'frames.ndjson', 'input', 'xclip-0001.mp4'];
  for (const name of [
    ...kept,
    'annotated.mp4',
    'clip-0001.mp4',
    'clip-0500.json',
    'clip-10000.jpg',
    jobFiles.delivery,
  ]) {
    writeFileSync(join(folder, name), '');
  }
  await dropProducts(folder);
  expect(readdirSync(folder).sort()).toEqual(kept);
  await dropProducts(join(folder, 'gone'));
});
