// The board on a real appliance: a job is seen at work, the queue is put in another order, and a result comes out.
import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { JobItem } from '../../appliance/contract/api.ts';
import { startDaemon } from '../support/daemon.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { findChromium } from './find-chromium.ts';
import { KioskBrowser, live } from './kiosk-browser.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const chromium = findChromium();
const lacking = chromium === null ? 'no chromium or google-chrome in PATH' : noFfmpeg;
if (lacking !== null) process.stderr.write(`SKIPPED test/ui/board-journey: ${lacking}\n`);

async function submit(url: string, file: string, name: string): Promise<string> {
  const form = new FormData();
  form.set('file', await openAsBlob(file), name);
  const query = 'plugin_id=yolo-tracker&tool=video_player_tracking';
  const answer = await fetch(`${url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  return ((await answer.json()) as { job_id: string }).job_id;
}

async function jobOf(url: string, id: string): Promise<JobItem> {
  return (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as JobItem;
}

describe.skipIf(lacking !== null)('the board of a real appliance', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());

  test('shows a job at work, reorders what waits, and brings a result', { timeout: 120_000 }, async () => {
    const media = await MediaFolder.open();
    onTestFinished(() => media.close());
    const long = await media.make('long.mp4', '-stream_loop', '30', '-i', sample, '-c', 'copy');
    const short = await media.make('short.mp4', '-i', sample, '-t', '1', '-c', 'copy');
    const daemon = await startDaemon();
    await daemon.logged('ready for jobs');
    const { page, complaints } = await kiosk.visit();
    await page.goto(daemon.url);
    await live(page).waitFor();
    await page.getByText('Ready for the first video').waitFor();

    const running = await submit(daemon.url, long, 'gate.mp4');
    const [second, third] = [await submit(daemon.url, long, 'yard.mp4'), await submit(daemon.url, short, 'belt.mp4')];
    await page.getByRole('img', { name: 'What gate.mp4 shows now' }).waitFor();
    await expect
      .poll(() =>
        page.evaluate<boolean>(`(() => {
          const { width, height } = document.querySelector('canvas.boxes');
          const { data } = document.querySelector('canvas.boxes').getContext('2d').getImageData(0, 0, width, height);
          return data.some((value) => value > 0);
        })()`),
      )
      .toBe(true);
    await page.getByRole('button', { name: 'Move belt.mp4' }).click();
    await page.getByRole('button', { name: 'To the front' }).click();
    await expect
      .poll(async () => (await jobOf(daemon.url, third)).queue_rank)
      .toBeLessThan((await jobOf(daemon.url, second)).queue_rank);
    await kiosk.shoot(page, 'board-real');

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByRole('article', { name: 'belt.mp4' }).getByText('Completed').waitFor({ timeout: 60_000 });
    await expect
      .poll(() => page.evaluate<number>(`document.querySelector('img[alt="A frame of belt.mp4"]')?.naturalWidth ?? 0`))
      .toBeGreaterThan(0);
    expect((await jobOf(daemon.url, running)).error_message).toBe('Cancelled');
    await kiosk.shoot(page, 'board-real-result');
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });
});
