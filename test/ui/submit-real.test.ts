// Asking a real appliance for more: a tool of a plugin, a pipeline, an address that it refuses, and a webhook that nobody hears.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JobItem } from '../../appliance/contract/api.ts';
import { ModelHouse } from '../models/model-house.ts';
import { writePlugin } from '../support/plugin-folder.ts';
import { tempData } from '../support/temp-data.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { findChromium } from './find-chromium.ts';

const executablePath = findChromium();
// The daemon serves what was built, and nothing else.
const kiosk = fileURLToPath(new URL('../../ui/dist/index.html', import.meta.url));
const unbuilt = existsSync(kiosk) ? null : 'the kiosk is not built (npm run build:ui)';
const unfit = executablePath === null ? 'no chromium or google-chrome in PATH' : (unbuilt ?? noFfmpeg);
if (unfit !== null) process.stderr.write(`SKIPPED test/ui/submit-real: ${unfit}\n`);

const Jobs = z.object({ jobs: z.array(JobItem) });
const pipelines = `
pipelines:
  marked:
    description: With boxes drawn on it
    stages:
      annotate: 10
      analyse: 80
`;

describe.skipIf(unfit !== null)('a real appliance', { timeout: 240_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  }, 120_000);
  afterAll(() => browser.close());

  test('runs what was chosen, refuses an address by its rule, and tells how plugins and webhooks fare', async () => {
    const media = await MediaFolder.open();
    const red = ['-f', 'lavfi', '-i', 'color=red:s=64x64:r=25:d=1', '-c:v', 'libx264'];
    const video = await media.make('red.mp4', ...red);
    const house = new ModelHouse();
    const plugin = writePlugin('largest-object', join(tempData(), 'largest-object'));
    writeFileSync(join(house.data, 'pipelines.yaml'), pipelines);
    const hook = '{ name: board, url: "http://127.0.0.1:9/hook", secret: a-secret-of-more-than-16 }';
    await house.start({}, `plugins:\n  - path: ${plugin}\nwebhooks:\n  - ${hook}\n`);
    await house.daemon.logged('plugin loaded');
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${house.daemon.url}/#/submit`);
    await page.getByRole('combobox', { name: 'Pipeline' }).selectOption('marked');
    await page.getByText('With boxes drawn on it').waitFor();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('group', { name: 'What runs on videos' }).getByRole('checkbox').nth(2).click();
    await page.getByRole('button', { name: 'From an address' }).click();
    const address = page.getByRole('textbox', { name: 'Address of the video' });
    await address.fill('http://127.0.0.1:9/a.mp4');
    await address.press('Enter');
    await page.getByRole('alert').getByText('may not download from 127.0.0.1').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.setInputFiles('input[type=file]', video);
    await page.getByRole('button', { name: 'Analyse 1 file' }).click();
    await page.getByRole('link', { name: 'Open red.mp4' }).waitFor();
    const ended = async () => Jobs.parse((await house.ask('/v1/jobs')).body).jobs[0];
    await expect.poll(async () => (await ended())?.completed_at, { timeout: 200_000 }).not.toBeNull();
    const job = await ended();
    expect(job?.error_message).toBeNull();
    expect(job).toMatchObject({ status: 'completed', plugin_id: 'largest-object', pipeline: 'marked' });
    await page.goto(`${house.daemon.url}/#/system`);
    const row = page.getByRole('region', { name: 'Plugins' }).getByRole('listitem');
    await row.filter({ hasText: 'largest-object' }).getByText('1 job done').waitFor();
    await page.getByRole('region', { name: 'Webhooks' }).getByText('Vedette tries again by itself').waitFor();
    await page.getByRole('button', { name: 'Reload largest-object' }).click();
    await page.getByText('largest-object is loaded anew').waitFor();
    await page.close();
    await house.stop();
    await media.close();
  });
});
