// The screen that puts videos and pictures in, in a real browser: choosing, trying out, sending, sticks and phones.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from './find-chromium.ts';
import { jobId } from './job-item.ts';
import { expectTouchable, KioskBrowser, type Visit } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';
import { sizes } from './sizes.ts';
import { copy, metadataOf, prepareMore, prepareSubmit } from './submit-server.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/submit: no chromium or google-chrome in PATH\n');

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const clip = { name: 'sample.mp4', mimeType: 'video/mp4', buffer: readFileSync(sample) };
// One black pixel.
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';
const still = { name: 'yard.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') };
const letter = { name: 'letter.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') };
const old = { name: 'old.avi', mimeType: 'video/x-msvideo', buffer: Buffer.from('RIFF....AVI LIST') };

async function choose(page: Page, files: Parameters<Page['setInputFiles']>[1]): Promise<void> {
  await page.setInputFiles('input[type=file]', files);
}

type Answers = ReturnType<typeof prepareSubmit>;

describe.skipIf(chromium === null)('the submit screen', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  async function visit(device: Visit['device'] = {}, prepare: (server: KioskServer) => void = () => undefined) {
    const made: { answers?: Answers } = {};
    const visited = await kiosk.visit({
      prepare: (server) => {
        made.answers = prepareSubmit(server);
        prepare(server);
      },
      hash: '#/submit',
      device,
    });
    await visited.page.locator('input[type=file]').waitFor({ state: 'attached' });
    await expect.poll(() => visited.server.snapshots, { message: 'it is live' }).toBeGreaterThan(0);
    if (!made.answers) throw new Error('the server was not prepared');
    return { ...visited, ...made.answers };
  }

  const views = [
    { name: 'panel', device: { ...sizes.panel, colorScheme: 'dark' } },
    { name: 'desk', device: { ...sizes.desk, colorScheme: 'light' } },
    { name: 'wall', device: { ...sizes.wall, colorScheme: 'dark' } },
    { name: 'phone', device: { ...sizes.phone, colorScheme: 'light' } },
  ] as const;
  for (const { name, device } of views)
    test(`fits the ${name}: empty, with files chosen, and with files on their way`, async () => {
      const { page, complaints } = await visit(device);
      await kiosk.shoot(page, `submit-${name}-empty`);
      if (name === 'panel') await kiosk.expectAccessible(page);

      await choose(page, [letter, clip, still]);
      await page.getByRole('alert').getByText('neither a video').waitFor();
      await page.getByRole('heading', { name: '2 files ready' }).waitFor();
      if (name === 'desk' || name === 'wall') await page.locator('.found').getByText('Would find 3 things').waitFor();
      await kiosk.shoot(page, `submit-${name}-chosen`);
      await expectTouchable(page);
      if (name !== 'wall') await kiosk.expectAccessible(page);

      await page.getByRole('button', { name: 'Analyse 2 files' }).click();
      const rows = page.getByRole('region', { name: 'On their way' }).getByRole('listitem');
      await rows.filter({ hasText: 'sample.mp4' }).getByText('looks at it').waitFor();
      await rows.filter({ hasText: 'yard.png' }).getByText('waits for its turn').waitFor();
      await kiosk.shoot(page, `submit-${name}-underway`);
      if (name === 'panel' || name === 'wall') await kiosk.expectAccessible(page);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const leaving = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))";
      expect(await page.evaluate<boolean>(leaving), 'leaving the page is asked about').toBe(true);
      expect(complaints).toEqual([]);
    });

  test('tries the confidence and the classes out on a frame, at once', async () => {
    const { page, uploads } = await visit({ ...sizes.panel, locale: 'en' });
    await choose(page, clip);
    await page.getByRole('button', { name: 'Change' }).click();
    const sheet = page.getByRole('dialog', { name: 'What to look for' });
    await page.locator('.found').getByText('Would find 3 things').waitFor();
    await kiosk.shoot(page, 'submit-panel-options');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    const sure = sheet.getByRole('slider', { name: 'At least' });
    await sure.fill('0.6');
    await page.locator('.found').getByText('Would find 2 things').waitFor();
    expect(await sure.getAttribute('aria-valuetext')).toBe('60%, Would find 2 things in this frame');
    await sure.fill('0.15');
    await page.locator('.found').getByText('Would find 4 things').waitFor();
    await sheet.getByRole('button', { name: 'bottle' }).click();
    await page.locator('.found').getByText('Would find 1 thing').waitFor();
    await sheet.getByRole('searchbox').fill('zzz');
    await sheet.getByText('no such class').waitFor();
    await sheet.getByRole('slider', { name: 'Moment' }).fill('5');
    await sheet.getByText('0:05.0').waitFor();
    await sheet.getByRole('button', { name: 'Track' }).click();
    await sheet.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('region', { name: 'What to look for' }).getByText('1 class').waitFor();
    await page.getByRole('button', { name: 'Analyse 1 file' }).click();
    expect(await metadataOf(page)).toEqual({
      filename: 'sample.mp4',
      plugin_id: 'yolo-tracker',
      tool: 'video_player_tracking',
      confidence: '0.15',
      classes: '["bottle"]',
    });
    await expect.poll(() => uploads.length).toBe(1);
  });

  test('goes on calmly without a preview of what the browser cannot decode, and says why a look failed', async () => {
    const { page, server } = await visit(sizes.desk);
    await choose(page, old);
    await page.getByText('This browser cannot show this format').waitFor();
    await page.getByRole('button', { name: 'Take old.avi out' }).click();
    await page.getByText('Choose a file, and this shows').waitFor();
    const busyAnswer = {
      status: 429,
      body: { detail: 'Another picture is looked at' },
      headers: { 'retry-after': '2' },
    };
    server.routes['POST /v1/models/yolov8n/check'] = () => busyAnswer;
    await choose(page, still);
    await page.getByRole('alert').getByText('Another picture is looked at').waitFor();
    await page.getByRole('button', { name: 'Analyse 1 file' }).waitFor();
  });

  test('takes videos from a stick by finger, and follows them until they are jobs', async () => {
    const { page, server, orders } = await visit(sizes.panel);
    await page.getByRole('button', { name: 'USB and folders' }).click();
    const sheet = page.getByRole('dialog', { name: 'USB and folders' });
    expect(await sheet.getByRole('button', { name: 'recorder' }).isDisabled()).toBe(true);
    await kiosk.shoot(page, 'submit-panel-folders');
    await sheet.getByRole('button', { name: 'archive' }).click();
    await sheet.getByText('no videos and no folders').waitFor();
    await sheet.getByRole('button', { name: 'Back' }).click();
    await sheet.getByRole('button', { name: 'stick' }).click();
    await sheet.getByRole('checkbox', { name: 'walk.mov' }).click();
    await sheet.getByRole('button', { name: 'day' }).click();
    await sheet.getByRole('checkbox', { name: 'gate-1.mp4' }).waitFor();
    await sheet.getByRole('button', { name: 'Select all' }).click();
    await kiosk.shoot(page, 'submit-panel-files');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await sheet.getByRole('button', { name: 'Take in 4 videos' }).click();
    await sheet.waitFor({ state: 'detached' });
    expect(JSON.parse(orders[0]?.body.toString() ?? '')).toEqual({
      folder: 'stick',
      paths: ['walk.mov', 'day/gate-1.mp4', 'day/gate-2.mp4', 'day/gate-3.mp4'],
      plugin_id: 'yolo-tracker',
      tool: ['video_player_detection'],
      options: { model: null, confidence: null, classes: null, pipeline: null, annotated: false },
    });
    const rows = page.getByRole('region', { name: 'On their way' }).getByRole('listitem');
    await rows.filter({ hasText: 'gate-1.mp4' }).getByText('45% of 2.0 GB copied from stick').waitFor();
    server.push('imports', {
      copies: [
        copy(1, { state: 'done', copied_bytes: 2e9, job_id: jobId(7) }),
        copy(2, { state: 'failed', error: 'The stick was pulled out.' }),
      ],
    });
    await rows.getByRole('alert').getByText('The stick was pulled out.').waitFor();
    await kiosk.shoot(page, 'submit-panel-copies');
    await rows.getByRole('link', { name: 'Open' }).click();
    expect(new URL(page.url()).hash).toBe(`#/job/${jobId(7)}`);
  });

  test('shows a phone the way, or says why there is none', async () => {
    const { page, server } = await visit(sizes.panel);
    await page.getByRole('button', { name: 'From a phone' }).click();
    await page.getByRole('img', { name: 'QR code for http://192.168.1.20:8000/#/submit' }).waitFor();
    await page.getByText('will ask for the key').waitFor();
    await kiosk.shoot(page, 'submit-panel-phone');
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: '10.8.0.3' }).click();
    await page.getByRole('img', { name: 'QR code for http://10.8.0.3:8000/#/submit' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    server.routes['GET /v1/system/addresses'] = () => ({ status: 200, body: { urls: [], locked: false } });
    await page.getByRole('button', { name: 'From a phone' }).click();
    await page.getByText('it listens to itself only').waitFor();
    await kiosk.shoot(page, 'submit-panel-alone');
  });

  test('says what to do where a file is refused, waits out a full queue, and links to the job', async () => {
    const { page, uploads } = await visit(sizes.panel);
    await choose(page, [clip, still]);
    await page.getByRole('button', { name: 'Analyse 2 files' }).click();
    const row = page.getByRole('region', { name: 'On their way' }).getByRole('listitem').first();
    await expect.poll(() => uploads.length).toBe(1);
    const full = { status: 429, body: { detail: 'The queue is full' } };
    uploads[0]?.answer({ ...full, headers: { 'retry-after': '30', 'vedette-fault': 'queue-full' } });
    await row.getByText(/queue of the appliance is full.*next try in (30|29|28) s/).waitFor();
    await kiosk.shoot(page, 'submit-panel-held');
    await row.getByRole('button', { name: 'Try sample.mp4 again now' }).click();
    await expect.poll(() => uploads.length).toBe(2);
    uploads[1]?.answer({
      status: 507,
      body: { detail: 'Not enough disk space' },
      headers: { 'vedette-fault': 'disk-full' },
    });
    await row.getByRole('alert').getByText('Not enough disk space').waitFor();
    await row.getByRole('button', { name: 'Try sample.mp4 again now' }).click();
    await expect.poll(() => uploads.length).toBe(3);
    expect(uploads[2]?.request.path, 'the picture is next').toBe('/v1/image/submit');
    uploads[2]?.answer({ status: 200, body: { job_id: jobId(50) } });
    await expect.poll(() => uploads.length).toBe(4);
    uploads[3]?.answer({
      status: 204,
      body: Buffer.alloc(0),
      headers: { 'upload-offset': String(clip.buffer.length) },
    });
    await page.getByRole('link', { name: 'Open sample.mp4' }).waitFor();
    await kiosk.shoot(page, 'submit-panel-done');
    await page.getByRole('link', { name: 'Open sample.mp4' }).click();
    expect(new URL(page.url()).hash).toBe(`#/job/${jobId(40)}`);
  });

  test('stays readable at the width of 320 px in German, with the longest names and the most contrast', async () => {
    const narrow = { viewport: { width: 320, height: 568 }, hasTouch: true, locale: 'de', contrast: 'more' } as const;
    const { page } = await visit(narrow, (server) => {
      const path = `day/${'a-very-long-name-of-a-video-'.repeat(4)}.mp4`;
      const copies = [copy(1, { path, state: 'copying', copied_bytes: 9e8 }), copy(2, { state: 'failed', error: '' })];
      server.routes['GET /v1/imports'] = () => ({ status: 200, body: { folders: [], copies } });
      prepareMore(server);
    });
    await choose(page, [
      { ...letter, name: `${'rechnung'.repeat(12)}.pdf` },
      { ...still, name: `${'hof'.repeat(40)}.png` },
    ]);
    await page.getByRole('button', { name: '1 Datei auswerten' }).waitFor();
    await page.getByText('Konnte nicht übernommen werden').waitFor();
    await kiosk.shoot(page, 'submit-narrow-de', true);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(320);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Ändern' }).click();
    await page.locator('.found').getByText('Würde in diesem Bild 3 Dinge finden').waitFor();
    await page.getByRole('combobox', { name: 'Pipeline' }).selectOption('gate');
    await kiosk.shoot(page, 'submit-narrow-de-options');
    await page.getByText('Liefert an nas').scrollIntoViewIfNeeded();
    await kiosk.shoot(page, 'submit-narrow-de-pipeline');
    await expectTouchable(page);
  });

  test('takes what is dropped on another screen, in Arabic from right to left', async () => {
    const { page } = await visit({ ...sizes.panel, locale: 'ar' }, prepareMore);
    await page.goto(page.url().replace('#/submit', '#/board'));
    await page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File(['x'], 'dropped.mkv'));
      data.items.add(new File(['x'], 'letter.pdf'));
      window.dispatchEvent(new DragEvent('dragenter', { dataTransfer: data, cancelable: true, bubbles: true }));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true }));
    }`);
    await page.getByText('dropped.mkv', { exact: true }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/submit');
    await page.getByRole('button', { name: 'تحليل ملف واحد' }).waitFor();
    await kiosk.shoot(page, 'submit-panel-ar');
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'تغيير' }).click();
    await page.getByRole('dialog').getByText('لا يستطيع هذا المتصفح').waitFor();
    await page.getByRole('button', { name: 'المزيد' }).click();
    await page.getByRole('checkbox', { name: 'Largest object' }).click();
    await page.getByRole('checkbox', { name: 'Sure things only' }).scrollIntoViewIfNeeded();
    await kiosk.shoot(page, 'submit-panel-ar-options');
    await kiosk.expectAccessible(page);
  });
});
