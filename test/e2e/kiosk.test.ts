// The kiosk on a real appliance: the first visit from the empty board to a downloaded result, the appliance killed under
// open pages, and several screens that always show the same.
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { findChromium } from '../ui/find-chromium.ts';
import { sizes } from '../ui/sizes.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const executablePath = findChromium();
if (executablePath === null) process.stderr.write('SKIPPED test/e2e/kiosk: no chromium or google-chrome in PATH\n');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** What a board says of jobs: the name and state of each. */
async function shown(page: Page): Promise<string[]> {
  const texts = await page.locator('main article').allInnerTexts();
  return texts.map((text) => (/sample\.mp4/.test(text) && /Completed/.test(text) ? 'completed' : text)).sort();
}

describe.skipIf(executablePath === null)('the kiosk on a real appliance', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags });
  });
  afterAll(() => browser.close());

  async function open(url: string, device: BrowserContextOptions): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ ...device, colorScheme: 'dark', locale: 'en-GB' });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    return { page, complaints };
  }

  test('leads a newcomer from the empty board to a result on the disk', { timeout: 120_000 }, async () => {
    const { url } = await startDaemon();
    const { page, complaints } = await open(url, sizes.panel);
    await page.getByRole('heading', { name: 'Ready for the first video' }).waitFor();
    await page.getByRole('main').getByRole('link').first().click();
    await page.locator('input[type=file]').first().setInputFiles(sample);
    await page.getByRole('button', { name: 'Analyse 1 file' }).click();
    await page.getByRole('link', { name: /Open/ }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Board' }).click();
    await page
      .getByRole('link', { name: /sample/ })
      .first()
      .waitFor({ timeout: 60_000 });
    await page.getByRole('main').getByText('Completed').waitFor({ timeout: 60_000 });
    await page.screenshot({ path: join(tmpdir(), 'vedette-screens', 'journey-board.png') });
    await page
      .getByRole('link', { name: /sample/ })
      .first()
      .click();
    await page
      .getByRole('button', { name: 'Details' })
      .or(page.getByRole('tab', { name: 'Details' }))
      .click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
    await page.screenshot({ path: join(tmpdir(), 'vedette-screens', 'journey-result.png') });
    expect(file.suggestedFilename()).toMatch(/^sample.*\.csv$/);
    expect(await readFile(await file.path(), 'utf8')).toMatch(/^frame_index.*\r?\n0,/);
    expect(complaints).toEqual([]);
  });

  test(
    'is the same on two screens and a phone, and comes back when the appliance was killed',
    { timeout: 120_000 },
    async () => {
      const folder = tempData();
      const port = await freePort();
      const start = () => startDaemon({ folder, env: { VEDETTE_PORT: String(port) } });
      const daemon = await start();
      const gone = new Promise((resolve) => daemon.child.once('exit', resolve));
      const pages = await Promise.all(
        [sizes.panel, sizes.wall, sizes.phone].map(async (size) => (await open(daemon.url, size)).page),
      );
      const body = new FormData();
      body.append('file', new Blob([await readFile(sample)]), 'sample.mp4');
      const asked = 'plugin_id=yolo-tracker&tool=detect';
      expect((await fetch(`${daemon.url}/v1/video/submit?${asked}`, { method: 'POST', body })).status).toBe(200);
      await Promise.all(pages.map((page) => page.getByRole('progressbar').first().waitFor()));

      daemon.child.kill('SIGKILL');
      await gone;
      await Promise.all(pages.map((page) => page.getByRole('list', { name: 'Notices' }).waitFor()));
      for (const page of pages) await page.getByRole('banner').getByText('Offline', { exact: true }).waitFor();
      await pages[0]?.screenshot({ path: join(tmpdir(), 'vedette-screens', 'killed.png') });

      await start();
      await Promise.all(pages.map((page) => page.getByRole('banner').getByText('Live', { exact: true }).waitFor()));
      await Promise.all(
        pages.map((page) => page.getByRole('main').getByText('Completed').waitFor({ timeout: 60_000 })),
      );
      const boards = await Promise.all(pages.map(shown));
      expect(boards[0]).toEqual(['completed']);
      expect(boards[1]).toEqual(boards[0]);
      expect(boards[2]).toEqual(boards[0]);
    },
  );
});
