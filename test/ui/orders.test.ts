// What a person does at the built kiosk, in a real browser: add, cancel, remove, take along, unlock.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { expectTouchable, KioskBrowser, live } from './kiosk-browser.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/orders: no chromium or google-chrome in PATH\n');

describe.skipIf(chromium === null)('a person at the screen', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('asks before it cancels or removes, and Escape means no', async () => {
    const { page, server, complaints } = await kiosk.visit({ prepare: busy });
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByText('Cancel north-gate').waitFor();
    await kiosk.shoot(page, 'question');
    await expectTouchable(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(server.jobs.find(({ status }) => status === 'running')).toBeDefined();

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByRole('heading', { name: 'IMG_2231' }).waitFor();
    await page.getByRole('button', { name: /^Run north-gate.* again$/ }).click();
    await expect
      .poll(() => server.jobs.find(({ source_name }) => source_name.startsWith('north-gate'))?.status)
      .toBe('pending');
    await page.getByRole('button', { name: 'Remove broken.mp4' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('article', { name: 'broken.mp4' }).waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);
  });

  test('sends files one after another and shows a refusal as a sentence beside them', async () => {
    const sent: string[] = [];
    const { page } = await kiosk.visit({
      prepare: (on) => {
        on.submit = (name) => {
          sent.push(name);
          return name === 'notes.txt'
            ? { status: 400, body: { detail: 'Invalid video file' } }
            : { status: 200, body: { job_id: 'x', status: 'queued' } };
        };
      },
    });
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Add videos' }).click(),
    ]);
    await chooser.setFiles([
      { name: 'one.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(3_000_000) },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.alloc(10) },
    ]);
    await page.getByText('Invalid video file.').waitFor();
    expect(sent).toEqual(['one.mp4', 'notes.txt']);
    await kiosk.shoot(page, 'upload-refused');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Dismiss notes.txt' }).click();
    await page.getByText('Invalid video file.').waitFor({ state: 'detached' });
  });

  test('sees how much of a file has gone out, and stops it', async () => {
    let receive: () => void = () => undefined;
    const { page, server, complaints } = await kiosk.visit({
      prepare: (on) => {
        on.receiving = new Promise((resolve) => (receive = resolve));
      },
    });
    await drag(page, 'long.mp4', 45_000_000, 'drop');
    await page.getByText(/^[1-9]\d* % of 45 MB/).waitFor();
    await kiosk.shoot(page, 'upload');
    await expectTouchable(page);
    await page.getByRole('button', { name: 'Stop sending long.mp4' }).click();
    await page.getByText('long.mp4').waitFor({ state: 'detached' });
    receive();
    expect(server.jobs).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('drops a file anywhere on the page', async () => {
    const sent: string[] = [];
    const { page } = await kiosk.visit({
      prepare: (on) => {
        on.submit = (name) => {
          sent.push(name);
          return { status: 429, body: { detail: 'The queue is full' }, headers: { 'retry-after': '30' } };
        };
      },
    });
    await drag(page, 'dropped.mp4', 10, 'dragenter');
    await page.getByText('Let go to add').waitFor();
    await drag(page, 'dropped.mp4', 10, 'drop');
    await page.getByText('The queue is full. Try again in 30 s.').waitFor();
    expect(sent).toEqual(['dropped.mp4']);
  });

  test('reads why an order failed, and puts the sentence away', async () => {
    const { page, server } = await kiosk.visit({ prepare: busy });
    await page.getByRole('button', { name: 'Remove broken.mp4' }).click();
    server.jobs = [];
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('alert').getByText('Job not found.').waitFor();
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  test('asks for the key, keeps it, and downloads with it', async () => {
    const { page } = await kiosk.visit({ key: 'sesame', prepare: busy });
    await page.getByText('This appliance asks for its key').waitFor();
    await kiosk.shoot(page, 'locked');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.getByLabel('API key').fill('sesame');
    await page.getByRole('button', { name: 'Unlock' }).click();
    const card = page.getByRole('article', { name: 'training-session.mp4' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card.getByRole('link', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('training-session.csv');
    await page.reload();
    await live(page).waitFor();
  });

  test('takes the key out of the address', async () => {
    const { page, complaints } = await kiosk.visit({ key: 'sesame', hash: '#key=sesame' });
    await live(page).waitFor();
    expect(page.url()).not.toContain('sesame');
    expect(complaints).toEqual([]);
  });

  test('remembers the shade that was chosen', async () => {
    const { page } = await kiosk.visit();
    await page.getByRole('button', { name: 'Switch to light' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Switch to dark' }).waitFor();
    expect(await page.evaluate<string>('document.documentElement.dataset.theme')).toBe('light');
  });
});

/** A file over the middle of the page, made inside the page. */
async function drag(page: Page, name: string, bytes: number, event: 'dragenter' | 'drop'): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    `(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(${bytes})], '${name}'));
      return data;
    })()`,
  );
  await page.dispatchEvent('main', event, { dataTransfer });
}
