// What a real appliance makes of a job with several tools and the annotated video, seen in a real browser.
import { openAsBlob } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { findChromium } from './find-chromium.ts';
import { KioskBrowser, live } from './kiosk-browser.ts';
import { sampleVideo } from './result-server.ts';

const chromium = findChromium();
const lacking = chromium === null ? 'no chromium or google-chrome in PATH' : noFfmpeg;
if (lacking !== null) process.stderr.write(`SKIPPED test/ui/result-real: ${lacking}\n`);

describe.skipIf(lacking !== null)('the result of a real job with several tools', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());

  test('has the findings of each, and the annotated video at the same moment', { timeout: 120_000 }, async () => {
    const media = await MediaFolder.open();
    onTestFinished(() => media.close());
    const short = await media.make('short.mp4', '-i', sampleVideo, '-t', '2', '-c', 'copy');
    const daemon = await startDaemon();
    await daemon.logged('ready for jobs');
    const form = new FormData();
    form.set('file', await openAsBlob(short), 'belt.mp4');
    const tools = 'tool=video_player_detection&tool=video_player_tracking';
    const query = `plugin_id=yolo-tracker&${tools}&annotated=true`;
    const answer = await fetch(`${daemon.url}/v1/video/submit?${query}`, { method: 'POST', body: form });
    const { job_id: id } = (await answer.json()) as { job_id: string };

    const { page, complaints } = await kiosk.visit();
    await page.goto(`${daemon.url}/#/job/${id}`);
    await live(page).waitFor();
    await page.locator('.status').getByText('Completed').waitFor({ timeout: 90_000 });
    const choice = page.getByRole('combobox', { name: 'Tool' });
    expect(await choice.inputValue()).toBe('video_player_tracking');
    await page.getByRole('button', { name: 'Tracks' }).waitFor();
    await page.getByRole('slider', { name: 'Timeline' }).press('ArrowRight');
    await page.locator('.time[data-frame="25"]').waitFor();
    await choice.selectOption({ label: 'Detection' });
    await page.getByRole('button', { name: 'Tracks' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Annotated video' }).click();
    await expect
      .poll(() => page.evaluate<string>(`document.querySelector('video')?.currentSrc ?? ''`))
      .toContain('annotated=1');
    await page.locator('.time[data-frame="25"]').waitFor();
    await kiosk.shoot(page, 'result-real-annotated');
    await page.getByRole('button', { name: 'Details' }).click();
    const saved = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Annotated video' }).click();
    await (await saved).path();
    await page.getByText('Detection and Tracking').waitFor();
    expect(complaints).toEqual([]);
  });
});
