// A video goes in through the page: tried out on a frame, paused, cut off, through a restart of the daemon, to its job.
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { findChromium } from '../ui/find-chromium.ts';

const executablePath = findChromium();
if (executablePath === null) process.stderr.write('SKIPPED test/e2e/submit: no chromium or google-chrome in PATH\n');

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Bytes a second that go out, so that there is time to interfere; null: the network is away. */
async function openNetwork(page: Page): Promise<(bytesPerSecond: number | null) => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  return async (bytesPerSecond) => {
    const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond ?? -1 };
    await devtools.send('Network.emulateNetworkConditions', { offline: bytesPerSecond === null, ...conditions });
  };
}

describe.skipIf(executablePath === null)('a video on its way in through the page', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ ...(executablePath !== null && { executablePath }), args: flags });
  });
  afterAll(async () => browser?.close());

  test('is sent once, whatever comes in between, and is analysed', { timeout: 120_000 }, async () => {
    if (!browser) throw new Error('the browser is not open');
    // A port of its own: one that the daemon was given by the system cannot be taken again at once.
    const stick = tempData();
    await copyFile(sample, join(stick, 'from-stick.mp4'));
    const config = join(tempData(), 'vedette.yaml');
    await writeFile(config, `imports:\n  - name: stick\n    path: ${stick}\n`);
    const env = { VEDETTE_PORT: String(await freePort()), VEDETTE_CONFIG: config };
    const first = await startDaemon({ env });
    await first.logged('ready for jobs');
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${first.url}/#/submit`);

    await page.setInputFiles('input[type=file]', sample);
    await page
      .locator('.found')
      .getByText(/Would find \d+ things/)
      .waitFor();
    const sendAt = await openNetwork(page);
    await sendAt(300_000);
    await page.getByRole('button', { name: 'Analyse 1 file' }).click();
    const row = page.getByRole('region', { name: 'On their way' }).getByRole('listitem');
    await row.getByText(/^[1-9]\d?% of 2\.0 MB, .*\/s, .* left$/).waitFor();
    await row.getByRole('button', { name: 'Pause sample.mp4' }).click();
    await row.getByText(/Paused at [1-9]\d?% of 2\.0 MB/).waitFor();

    await sendAt(null);
    await row.getByRole('button', { name: 'Go on with sample.mp4' }).click();
    await row.getByText('The appliance does not answer').waitFor();
    await sendAt(300_000);
    await row.getByText(/^[1-9]\d?% of 2\.0 MB/).waitFor();

    await page.goto(`${first.url}/#/board`);
    await first.stop();
    const second = await startDaemon({ folder: first.folder, env });
    await page.goto(`${first.url}/#/submit`);
    await row.getByRole('link', { name: 'Open sample.mp4' }).click();
    const [, id = ''] = /#\/job\/([^/]+)$/.exec(page.url()) ?? [];
    const status = async () =>
      ((await (await fetch(`${second.url}/v1/jobs/${id}`)).json()) as { status: string }).status;
    await expect.poll(status, { timeout: 60_000, interval: 250 }).toBe('completed');
    expect(requests.filter((request) => request === 'POST /v1/uploads')).toHaveLength(1);
    expect(requests.filter((request) => request.startsWith('PATCH /v1/uploads/')).length).toBeGreaterThan(2);

    await page.goto(`${first.url}/#/submit`);
    await page.getByRole('button', { name: 'USB and folders' }).click();
    // The only folder that is there is looked into at once.
    await page.getByRole('checkbox', { name: 'from-stick.mp4' }).click();
    await page.getByRole('button', { name: 'Take in 1 video' }).click();
    await row.getByRole('link', { name: 'Open from-stick.mp4' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
    expect(await second.stop()).toBe(0);
  });
});
