// The result of a job in a real browser: played, gone through, filtered, shared, compared; and where something is missing.
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ResultFrame } from '../../appliance/contract/frame.ts';
import { findChromium } from './find-chromium.ts';
import { jobId } from './job-item.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';
import { sampleFrames, sampleVideo, showResult } from './result-server.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/result: no chromium or google-chrome in PATH\n');

const devices = [
  { name: 'panel', viewport: { width: 800, height: 480 }, hasTouch: true, colorScheme: 'dark', locale: 'en' },
  { name: 'desk', viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'de' },
  { name: 'wall', viewport: { width: 1920, height: 1080 }, hasTouch: true, contrast: 'more', locale: 'ar' },
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark', locale: 'ar' },
  { name: 'narrow', viewport: { width: 320, height: 568 }, hasTouch: true, colorScheme: 'light', locale: 'es' },
] as const;

const failed = {
  status: 'failed',
  progress: 34,
  current_frame: 120,
  error_code: 'decoder-crashed',
  error_message: 'The decoder crashed on this video.',
  summary: null,
  result_url: null,
} as const;

function withoutCans(frames: readonly ResultFrame[]): readonly ResultFrame[] {
  return frames.map((frame) => {
    if (!frame.detections || !('xyxy' in frame.detections)) return frame;
    const { xyxy, confidence, class_id, class_name } = frame.detections;
    const isKept = (_: unknown, n: number): boolean => class_name[n] !== 'can';
    const detections = {
      xyxy: xyxy.filter(isKept),
      confidence: confidence.filter(isKept),
      class_id: class_id.filter(isKept),
      class_name: class_name.filter(isKept),
    };
    return { ...frame, detections };
  });
}

describe.skipIf(chromium === null)('the result of a job', () => {
  let kiosk: KioskBrowser;
  const [plain, tracked] = [sampleFrames(false), sampleFrames(true)];
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  for (const { name, ...device } of devices)
    test(`fits the ${name}`, async () => {
      const { page, complaints } = await kiosk.visit({
        prepare: (on) => showResult(on, { number: 1, frames: tracked }),
        hash: `#/job/${jobId(1)}?t=5`,
        device,
      });
      await page.locator('.time').getByText('0:05.00').waitFor();
      await page.locator('.class').first().waitFor();
      await kiosk.shoot(page, `result-${name}`);
      if (device.viewport.height > 500 && device.viewport.width < 700)
        await kiosk.shoot(page, `result-${name}-full`, true);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const line = await page.getByRole('slider').first().boundingBox();
      if (device.viewport.width >= 700) {
        // The line below the header may be one more.
        expect(await page.evaluate<boolean>('document.documentElement.scrollHeight <= innerHeight + 1')).toBe(true);
        expect((line?.y ?? 9999) + (line?.height ?? 0)).toBeLessThanOrEqual(device.viewport.height);
      }
      await expectTouchable(page);
      await kiosk.expectAccessible(page);
      expect(complaints).toEqual([]);
    });

  test('plays, steps by frames and hides what is not wanted, by finger and by keyboard', async () => {
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => showResult(on, { number: 1, frames: tracked }),
      hash: `#/job/${jobId(1)}?t=5.02`,
      device: devices[0],
    });
    const shows = (frame: number) => page.locator(`.time[data-frame="${frame}"]`).waitFor();
    const now = async () => Number(await page.locator('.time').getAttribute('data-frame'));
    await shows(125);
    for (let n = 126; n <= 129; n += 1) await page.getByRole('button', { name: 'One frame on' }).tap();
    await shows(129);
    await page.getByRole('button', { name: 'One frame back' }).press(',');
    await shows(128);
    const slider = page.getByRole('slider', { name: 'Timeline' });
    await slider.press('ArrowRight');
    await shows(153);
    expect(await slider.getAttribute('aria-valuetext')).toBe('0:06.1 of 0:14');
    await page.getByRole('button', { name: 'Next appearance of can' }).tap();
    await expect.poll(now).toBeGreaterThan(153);
    await page.getByRole('button', { name: 'Previous appearance of can' }).tap();
    await expect.poll(now).toBeLessThan(153);

    await page.getByRole('button', { name: /^ball/ }).tap();
    await page.getByRole('button', { name: /^bottle/ }).tap();
    await page.getByRole('slider', { name: /Confidence/ }).fill('0.75');
    await page.getByRole('button', { name: 'Show a shorter span' }).tap();
    await kiosk.shoot(page, 'result-filtered');
    await page.getByRole('button', { name: 'Tracks' }).tap();
    await page.getByRole('button', { name: /^#9 / }).tap();
    await kiosk.shoot(page, 'result-tracks');
    await kiosk.expectAccessible(page);

    await page.getByRole('combobox', { name: 'Speed' }).selectOption('2');
    await page.getByRole('button', { name: 'Play' }).tap();
    const from = await now();
    await expect.poll(now).toBeGreaterThan(from + 10);
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Play' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('is scrubbed by a pointer that leaves the line, and zoomed by the wheel', async () => {
    const { page } = await kiosk.visit({
      prepare: (on) => showResult(on, { number: 1, frames: plain }),
      hash: `#/job/${jobId(1)}`,
    });
    await page.locator('.time[data-frame="0"]').waitFor();
    const line = await page.getByRole('slider', { name: 'Timeline' }).boundingBox();
    if (!line) throw new Error('the timeline has a place');
    await page.mouse.move(line.x + line.width / 2, line.y + 10);
    await page.mouse.down();
    await page.locator('.time[data-frame="175"]').waitFor();
    await page.mouse.move(line.x + line.width / 4, line.y - 200, { steps: 4 });
    await page.locator('.time[data-frame="87"]').waitFor();
    await page.mouse.up();
    await page.mouse.move(line.x + line.width / 4, line.y + 10);
    await page.mouse.wheel(0, -400);
    await page.getByRole('button', { name: 'Show a longer span' }).click();
    await kiosk.shoot(page, 'result-zoomed');
  });

  test('has its facts, its downloads, and an address for others', async () => {
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => {
        showResult(on, { number: 1, frames: plain, changes: { warnings: ['Source ends at 9.97 s of 20.00 s.'] } });
        showResult(on, { number: 2, frames: tracked, changes: { source_bytes: 1 } });
        on.routes['GET /v1/system/addresses'] = () => ({
          status: 200,
          body: { urls: ['http://192.168.7.20:8000/'], locked: false },
        });
      },
      hash: `#/job/${jobId(1)}?t=5.02`,
      device: devices[0],
    });
    await page.locator('.time[data-frame="125"]').waitFor();
    await page.getByRole('button', { name: 'Details' }).tap();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save picture' }).tap();
    expect((await saved).suggestedFilename()).toBe('conveyor-line-2-5.000s.png');
    await kiosk.shoot(page, 'result-details');
    await page.getByRole('button', { name: 'Share', exact: true }).tap();
    const address = page.getByRole('textbox', { name: 'Address' });
    await expect.poll(() => address.inputValue()).toBe(`http://192.168.7.20:8000/#/job/${jobId(1)}?t=5.020`);
    await kiosk.shoot(page, 'result-share');
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Close' }).tap();
    await page.getByRole('button', { name: 'Compare with…' }).tap();
    await page.getByText('No other job of this video is known.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('says why there is no picture, and shows what was found all the same', async () => {
    const { page } = await kiosk.visit({
      prepare: (on) => {
        showResult(on, {
          number: 1,
          frames: tracked,
          video: { bytes: Buffer.from('RIFF....AVI '), type: 'video/x-msvideo' },
        });
        on.routes[`GET /v1/jobs/${jobId(77)}`] = () => ({ status: 404, body: { detail: 'Job not found' } });
        showResult(on, { number: 2, frames: plain.slice(0, 120), video: null, changes: failed });
        showResult(on, {
          number: 3,
          frames: [],
          changes: { status: 'pending', source: null, summary: null, progress: 0, result_url: null },
        });
      },
      hash: `#/job/${jobId(1)}?t=5.02`,
      device: devices[0],
    });
    await page.getByText('This browser cannot play this kind of video.').waitFor();
    await page.locator('.time[data-frame="125"]').waitFor();
    await page.getByRole('button', { name: 'One frame on' }).tap();
    await page.locator('.time[data-frame="126"]').waitFor();
    await kiosk.shoot(page, 'result-unplayable');
    await kiosk.expectAccessible(page);
    await page.evaluate(`location.hash = '#/job/${jobId(2)}'`);
    await page.getByText('The video is no longer on the appliance.').waitFor();
    await page.getByText('The decoder crashed on this video.').waitFor();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    await page.getByRole('slider', { name: 'Timeline' }).press('End');
    await kiosk.shoot(page, 'result-failed');
    await kiosk.expectAccessible(page);
    await page.evaluate(`location.hash = '#/job/${jobId(3)}'`);
    await page.getByText('Results appear here as soon as the job runs.').waitFor();
    await kiosk.shoot(page, 'result-pending');
    await page.evaluate(`location.hash = '#/job/${jobId(77)}'`);
    await page.getByRole('heading', { name: 'This job is not there' }).waitFor();
    await kiosk.shoot(page, 'result-unknown');
    await kiosk.expectAccessible(page);
  });

  test('with thousands of tracks draws only the rows that are seen', async () => {
    const many = tracked.map((frame, at) => {
      if (!frame.detections || !('tracked_objects' in frame.detections)) return frame;
      const tracked_objects = frame.detections.tracked_objects.map((one, n) => ({ ...one, track_id: at * 20 + n + 1 }));
      return { ...frame, detections: { tracked_objects } };
    });
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => showResult(on, { number: 1, frames: many }),
      hash: `#/job/${jobId(1)}`,
      device: devices[0],
    });
    await page.getByRole('button', { name: 'Tracks' }).tap();
    await page.getByRole('button', { name: /^#1 / }).waitFor();
    expect(await page.locator('.track').count()).toBeLessThan(60);
    await kiosk.shoot(page, 'result-many-tracks');
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('of a picture is the picture with its boxes', async () => {
    const png = execFileSync(
      'ffmpeg',
      ['-v', 'error', '-i', sampleVideo, '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', '-'],
      { maxBuffer: 64 << 20 },
    );
    const { page, complaints } = await kiosk.visit({
      prepare: (on) =>
        showResult(on, {
          number: 1,
          frames: plain.slice(0, 1),
          changes: { job_type: 'image', source_name: 'shelf.png' },
          video: { bytes: png, type: 'image/png' },
        }),
      hash: `#/job/${jobId(1)}`,
      device: devices[0],
    });
    await page.getByRole('img', { name: 'Picture shelf.png' }).waitFor();
    await page.getByRole('button', { name: /^bottle/ }).waitFor();
    await kiosk.shoot(page, 'result-image');
    expect(await page.getByRole('slider', { name: 'Timeline' }).count()).toBe(0);
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('of a job that runs grows by itself, and says that it has completed', async () => {
    let found: readonly ResultFrame[] = plain.slice(0, 50);
    const { page, server } = await kiosk.visit({
      prepare: (on) =>
        showResult(on, {
          number: 1,
          get frames() {
            return found;
          },
          changes: {
            status: 'running',
            stage: 'analyzing',
            progress: 14,
            current_frame: 50,
            total_frames: 350,
            summary: null,
            result_url: null,
            seq: 5,
          },
        }),
      hash: `#/job/${jobId(1)}?t=3`,
    });
    await page.getByText('What was found so far is shown; more comes by itself.').waitFor();
    found = plain;
    const [job] = server.jobs;
    if (!job) throw new Error('there is the job');
    server.put({
      ...job,
      status: 'completed',
      progress: 100,
      current_frame: 350,
      seq: 9,
      summary: { frame_count: 350, detection_count: 2934, classes: [], class_counts: {} },
    });
    await page.locator('.time[data-frame="75"]').waitFor();
    await page.locator('.status').getByText('Completed').waitFor();
  });

  for (const device of [devices[0], devices[3]])
    test(`of two jobs are compared in step on the ${device.name}`, async () => {
      const { page, complaints } = await kiosk.visit({
        prepare: (on) => {
          showResult(on, { number: 1, frames: tracked });
          showResult(on, {
            number: 2,
            frames: withoutCans(plain),
            changes: { model: { name: 'yolo11s', sha256: '', provider: 'cuda' } },
          });
          showResult(on, { number: 3, frames: plain, changes: { source_name: 'other.mp4' } });
        },
        hash: `#/compare/${jobId(1)}/${jobId(2)}`,
        device,
      });
      await page.locator('.time[data-frame="0"]').waitFor();
      await page.getByRole('table').waitFor();
      await page.getByRole('slider').press('ArrowRight');
      await page.getByRole('slider').press('ArrowRight');
      await page.locator('.time[data-frame="50"]').waitFor();
      await kiosk.shoot(page, `compare-${device.name}`);
      await kiosk.shoot(page, `compare-${device.name}-full`, true);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await expectTouchable(page);
      await kiosk.expectAccessible(page);
      await page.evaluate(`location.hash = '#/compare/${jobId(1)}/${jobId(3)}'`);
      await page.getByRole('link', { name: 'other.mp4' }).waitFor();
      expect(complaints).toEqual([]);
    });
});
