// What the built kiosk shows in a real browser, how it moves, that everyone can use it, and that its CSP holds.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { completedJob, progressOf, runningJob, systemView } from './job-item.ts';
import { expectTouchable, KioskBrowser, live } from './kiosk-browser.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/screen: no chromium or google-chrome in PATH\n');

const panel = { viewport: { width: 800, height: 480 }, hasTouch: true };
const screens = [
  { name: 'panel', ...panel },
  { name: 'desk', viewport: { width: 1280, height: 800 } },
  { name: 'wall', viewport: { width: 1920, height: 1080 }, hasTouch: true },
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true },
];

describe.skipIf(chromium === null)('the screen', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  for (const screen of screens)
    for (const colorScheme of ['dark', 'light'] as const)
      test(`fits the ${screen.name} in ${colorScheme}, is legible and touchable, and keeps to its CSP`, async () => {
        const { page, complaints } = await kiosk.visit({ prepare: busy, device: { ...screen, colorScheme } });
        await page.getByRole('progressbar').getByText('42').waitFor();
        await kiosk.shoot(page, `${screen.name}-${colorScheme}`);
        await kiosk.shoot(page, `${screen.name}-${colorScheme}-full`, true);
        expect(await page.evaluate<string>('document.documentElement.dataset.theme')).toBe(colorScheme);
        expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        await expectTouchable(page);
        expect(complaints).toEqual([]);
        await kiosk.expectAccessible(page);
      });

  test('says that TensorRT is being made ready, and on what jobs run meanwhile', async () => {
    const { page, server } = await kiosk.visit({ prepare: busy, device: panel });
    const { model } = systemView();
    if (model === null) throw new Error('the sample has a model');
    server.change({ model: { ...model, building: { provider: 'tensorrt', since: '2026-05-12T08:00:00Z' } } });
    const notices = page.getByRole('list', { name: 'Notices' });
    await notices.getByText('TensorRT is being made ready').waitFor();
    await notices.getByText('Jobs run on CPU meanwhile').waitFor();
    server.change({ model });
    await notices.waitFor({ state: 'detached' });
  });

  test('fits all of the running job on the panel without scrolling', async () => {
    const { page } = await kiosk.visit({ prepare: busy, device: panel });
    const box = await page.getByRole('button', { name: 'Cancel', exact: true }).boundingBox();
    expect((box?.y ?? 999) + (box?.height ?? 999)).toBeLessThanOrEqual(480);
  });

  test('stays readable at the width of 320 px, with the largest figures', async () => {
    const { page } = await kiosk.visit({
      prepare: (on) => {
        busy(on);
        on.put(runningJob(7, { current_frame: 1_234_567, total_frames: 2_345_678, eta_s: 86_000, fps: 1234 }));
      },
      device: { viewport: { width: 320, height: 568 } },
    });
    await page.getByText('of 2,345,678').waitFor();
    await kiosk.shoot(page, 'narrow', true);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(320);
    await expectTouchable(page);
  });

  test('moves on push, and moves nothing else', async () => {
    const { page, server } = await kiosk.visit({ prepare: busy });
    const bar = page.getByRole('progressbar');
    await bar.getByText('42').waitFor();
    const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    const before = await cancel.boundingBox();
    const job = runningJob(7);
    server.advance(progressOf(job, { seq: 51, progress: 100, current_frame: 2999, eta_s: 0.2, fps: 131.7 }));
    await bar.getByText('100').waitFor();
    await page.getByText('2,999').waitFor();
    expect(await bar.getAttribute('aria-valuenow')).toBe('100');
    expect(await page.locator('.lit').count()).toBe(100);
    expect(await cancel.boundingBox()).toEqual(before);

    server.put(completedJob(7, { seq: 99, source_name: 'north-gate-2026-05-12.mp4' }));
    await page.getByRole('heading', { name: 'IMG_2231' }).waitFor();
    await page.getByRole('status').getByText('north-gate-2026-05-12.mp4: Completed').waitFor({ state: 'attached' });
    expect(server.polls).toBe(0);
  });

  test('says why a job shows no percentage, and never NaN', async () => {
    const { page, server } = await kiosk.visit({
      prepare: (on) => {
        on.jobs = [runningJob(1, { indeterminate: true, progress: 1, current_frame: 0, eta_s: null, fps: null })];
      },
    });
    await page.getByText('This tool reports no progress').waitFor();
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBeNull();
    await kiosk.shoot(page, 'indeterminate');
    server.put(runningJob(1, { progress: null, total_frames: null, eta_s: null, fps: null, seq: 99 }));
    await page.getByText('total unknown').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('NaN');
    expect(await page.getByRole('progressbar').innerText()).toBe('–');
    await kiosk.expectAccessible(page);
  });

  for (const { name, viewport } of screens.slice(0, 2))
    test(`shows on the ${name} that the running job is held, why, and what to do, and that it goes on`, async () => {
      const { page, server, complaints } = await kiosk.visit({ prepare: busy, device: { viewport } });
      const bar = page.getByRole('progressbar');
      await bar.getByText('42').waitFor();
      const held = 'The disk is nearly full: less than 1.07 GB is free. The job goes on by itself when there is room.';
      server.change({
        state: 'degraded',
        reasons: [
          'The disk is nearly full: 512 MB are free, and 1.07 GB must stay free. Jobs and uploads wait for room: remove finished jobs, or other files from the disk of the data folder.',
        ],
      });
      server.advance(progressOf(runningJob(7), { seq: 51, held, fps: null, eta_s: null }));
      await page.getByText(held).waitFor();
      await page.getByText('On hold').waitFor();
      await page.getByText('1,268 of 3,000 frames done').waitFor();
      await page.getByRole('list', { name: 'Notices' }).getByText('512 MB are free').waitFor();
      expect(await bar.getAttribute('aria-valuenow')).toBe('42');
      await kiosk.shoot(page, `held-${name}`);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await kiosk.expectAccessible(page);

      server.advance(progressOf(runningJob(7), { seq: 52, held: null, progress: 43 }));
      await page.getByText('Speed').waitFor();
      expect(await page.getByText('On hold').count()).toBe(0);
      expect(complaints).toEqual([]);
    });

  test('teaches the first step while there is nothing', async () => {
    const { page, complaints } = await kiosk.visit({ device: panel });
    await page.getByText('Ready for the first video').waitFor();
    await kiosk.shoot(page, 'empty');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('says calmly that push is down, asks meanwhile, and returns to push by itself', async () => {
    const { page, server } = await kiosk.visit({ prepare: busy });
    await live(page).waitFor();
    server.change({ state: 'degraded', reasons: ['The disk is nearly full. Remove finished results to make room.'] });
    server.breakPush();
    await page.getByRole('list', { name: 'Notices' }).getByText('Live push is down — asking every 2 s.').waitFor();
    await kiosk.shoot(page, 'reconnecting');
    await kiosk.expectAccessible(page);
    server.jobs = server.jobs.map((job) => (job.status === 'running' ? { ...job, progress: 77, seq: 60 } : job));
    await page.getByRole('progressbar').getByText('77').waitFor();
    server.pushing = true;
    await live(page).waitFor();
    const polls = server.polls;
    server.advance(progressOf(runningJob(7), { seq: 61, progress: 80 }));
    await page.getByRole('progressbar').getByText('80').waitFor();
    expect(server.polls).toBe(polls);
  });

  test('loads one script and one style sheet, from the appliance alone', async () => {
    const { page } = await kiosk.visit();
    await page.getByText('Ready for the first video').waitFor();
    const loaded = await page.evaluate<string[]>(`performance.getEntriesByType('resource').map((entry) => entry.name)`);
    expect(loaded.filter((url) => url.includes('/assets/'))).toHaveLength(2);
    expect(loaded.filter((url) => !url.startsWith(new URL(page.url()).origin))).toEqual([]);
  });
});
