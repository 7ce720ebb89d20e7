// The history in a real browser: a thousand jobs looked for, scrolled, opened and removed.
import type { CDPSession, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from './find-chromium.ts';
import { runningJob } from './job-item.ts';
import { expectTouchable, KioskBrowser, live, type Visit, type Visited } from './kiosk-browser.ts';
import { PastJobs, pastJob } from './past-jobs.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/history: no chromium or google-chrome in PATH\n');

const devices = [
  { name: 'panel', viewport: { width: 800, height: 480 }, hasTouch: true, colorScheme: 'dark', locale: 'en' },
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'light', locale: 'ar' },
  { name: 'wall', viewport: { width: 1920, height: 1080 }, hasTouch: true, colorScheme: 'dark', locale: 'ar' },
  { name: 'desk', viewport: { width: 1280, height: 800 }, colorScheme: 'light', locale: 'de', contrast: 'more' },
] as const;

describe.skipIf(chromium === null)('the history', { timeout: 60_000 }, () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  async function visit(jobs: PastJobs, hash = '#/history', device: Visit['device'] = {}): Promise<Visited> {
    return kiosk.visit({ prepare: (on) => jobs.serve(on), hash, device });
  }

  for (const { name, ...device } of devices)
    test(`fits the ${name}, is legible and touchable, and keeps to its CSP`, async () => {
      const { page, complaints } = await visit(new PastJobs(1000), '#/history', device);
      await row(page, 'north-gate-1000').waitFor();
      await kiosk.shoot(page, `history-${name}`);
      await expectTouchable(page);
      await kiosk.expectAccessible(page);
      const toggle = page.locator('.toggle');
      if (await toggle.isVisible()) await toggle.click();
      await kiosk.shoot(page, `history-filters-${name}`);
      await expectTouchable(page);
      await kiosk.expectAccessible(page);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(complaints).toEqual([]);
    });

  test('scrolls through a thousand jobs at the pace of the screen, with few rows drawn', async () => {
    const jobs = new PastJobs(1000);
    const { page } = await visit(jobs, '#/history', devices[0]);
    await row(page, 'north-gate-1000').waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await worked(session);
    const { frames, mostRows } = await page.evaluate<Frames>(scroll);
    const msPerFrame = ((await worked(session)) - before) / frames;
    await row(page, 'harbour-cam-0001').waitFor();
    process.stdout.write(`history: 1,000 rows in ${frames} frames, ${msPerFrame.toFixed(1)} ms of work in each\n`);
    expect(mostRows).toBeLessThan(40);
    // Of 16.7 ms at 60 frames a second.
    expect(msPerFrame).toBeLessThan(10);
    expect(jobs.asked.length).toBe(10);
  });

  test('keeps what is looked for in the address, and comes back to the same place', async () => {
    const jobs = new PastJobs(1000);
    const { page } = await visit(jobs);
    const total = page.locator('p').filter({ hasText: 'on the disk' });
    await total.filter({ hasText: '1,000 jobs' }).waitFor();
    await page.getByRole('textbox', { name: 'Search by name' }).fill('GATE 99');
    await total.filter({ hasText: '2 jobs · 24 MB on the disk' }).waitFor();
    expect(page.url()).toContain('#/history?q=GATE+99');
    await page.getByRole('button', { name: 'Failed' }).click();
    await total.filter({ hasText: '1 job · 12 MB on the disk' }).waitFor();
    await row(page, 'north-gate-0990').waitFor();
    await page.goBack();
    await total.filter({ hasText: '2 jobs' }).waitFor();
    await page.getByRole('combobox', { name: 'Class found' }).fill('boat');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nothing fits' }).waitFor();
    await kiosk.shoot(page, 'history-nothing-fits');
    await kiosk.expectAccessible(page);
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await total.filter({ hasText: '1,000 jobs' }).waitFor();

    for (const y of [6000, 12_000]) {
      await page.evaluate(`scrollTo(0, ${y})`);
      await row(page, String(1000 - Math.round(y / 77))).waitFor();
    }
    const past = row(page, '-0840');
    await expect.poll(() => page.evaluate('history.state?.y')).toBe(12_000);
    await past.click();
    await expect.poll(() => page.url()).toContain('#/job/');
    await page.goBack();
    await past.waitFor();
    expect(await page.evaluate('scrollY')).toBe(12_000);
  });

  test('is true by push: rows change in their place, others wait to be shown', async () => {
    const jobs = new PastJobs(30);
    const running = { ...runningJob(31, { source_name: 'now.mp4' }), disk_bytes: 5 };
    jobs.items.unshift(running);
    const { page, server } = await visit(jobs);
    const now = row(page, 'now.mp4');
    await now.getByText('42%').waitFor();
    await live(page).waitFor();
    server.put({ ...pastJob(31), source_name: 'now.mp4', seq: 99 });
    await now.getByText('217 detections').waitFor();
    const fresh = pastJob(32);
    jobs.items.unshift(fresh);
    server.put(fresh);
    const show = page.getByRole('button', { name: '1 new job' });
    await show.waitFor();
    await kiosk.shoot(page, 'history-fresh');
    await kiosk.expectAccessible(page);
    expect(await row(page, fresh.source_name).count()).toBe(0);
    await show.click();
    await row(page, fresh.source_name).waitFor();
    server.remove(fresh.job_id);
    await row(page, fresh.source_name).waitFor({ state: 'detached' });
    await page.getByText('31 jobs').waitFor();
  });

  test('removes many at once: asked once, undone for a while, told by name where one stays', async () => {
    const jobs = new PastJobs(250);
    const kept = jobs.items[3];
    if (!kept) throw new Error('there are 250');
    jobs.stubborn.set(kept.job_id, 'Its files cannot be removed (EACCES).');
    const { page, complaints } = await visit(jobs, '#/history', devices[0]);
    await page.getByRole('button', { name: 'Select' }).click();
    await page.getByRole('checkbox', { name: 'north-gate-0250.mp4' }).check();
    await page.getByText('1 selected').waitFor();
    await page.getByRole('button', { name: 'Select all' }).click();
    await page.getByText('250 selected').waitFor();
    await kiosk.shoot(page, 'history-selection');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    const remove = async () => {
      await page.getByRole('button', { name: 'Remove', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Remove 250 jobs?').waitFor();
      await dialog.getByText('This frees 3.0 GB.').waitFor();
      await kiosk.shoot(page, 'history-question');
      await dialog.getByRole('button', { name: 'Remove' }).click();
      await page.getByText('250 jobs removed').waitFor();
    };
    await remove();
    expect(await row(page, '').count()).toBe(0);
    await kiosk.shoot(page, 'history-undo');
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(page, 'north-gate-0250').waitFor();
    expect(jobs.deletions).toEqual([]);

    await page.getByRole('button', { name: 'Select' }).click();
    await page.getByRole('button', { name: 'Select all' }).click();
    await page.getByText('250 selected').waitFor();
    await remove();
    await page.getByText('249 jobs removed').waitFor({ timeout: 10_000 });
    expect(jobs.deletions.map(({ length }) => length)).toEqual([100, 100, 50]);
    await page.getByText('Its files cannot be removed (EACCES).').waitFor();
    await kiosk.shoot(page, 'history-told');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await row(page, kept.source_name).waitFor();
    expect(complaints).toEqual([]);
  });

  test('takes a row out by a swipe, picks it by a long press, and opens it by a tap', async () => {
    const jobs = new PastJobs(20);
    const { page } = await visit(jobs, '#/history', devices[0]);
    const newest = row(page, '-0020');
    await newest.waitFor();
    await newest.tap();
    await expect.poll(() => page.url()).toContain('#/job/');
    await page.goBack();
    await newest.waitFor();
    const { x, y } = await middleOf(newest);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.getByText('1 selected').waitFor();
    await page.mouse.up();
    await page.getByRole('button', { name: 'End the selection' }).click();
    await drag(page, { x, y }, 60);
    await newest.waitFor();
    await drag(page, { x, y }, -220);
    await newest.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await newest.waitFor();
    expect(page.url()).toContain('#/history');
    // The list takes no taps while it is scrolled, but it sees that a touch has ended whose row has gone.
    for (const y of [300, 0]) await page.evaluate(scrollToEnd(y));
    const taken = `getComputedStyle(document.querySelector('[role=list][aria-label^=Jobs] > div')).pointerEvents`;
    await expect.poll(() => page.evaluate(taken), { timeout: 5000 }).toBe('auto');
    await page.mouse.click(x, y);
    await expect.poll(() => page.url()).toContain('#/job/');
    expect(jobs.deletions).toEqual([]);
  });

  test('teaches the first step while there is nothing, and shows the first job by itself', async () => {
    const jobs = new PastJobs(0);
    const { page, server } = await visit(jobs, '#/history', { viewport: { width: 320, height: 568 } });
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor();
    await kiosk.shoot(page, 'history-empty');
    await kiosk.expectAccessible(page);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const first = pastJob(1);
    jobs.items.push(first);
    server.put(first);
    await row(page, first.source_name).waitFor();
    await kiosk.shoot(page, 'history-narrow');
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    server.routes['GET /v1/history'] = () => ({ status: 429, body: { detail: 'Too many search at the same time' } });
    await page.getByRole('textbox').fill('x');
    await page.getByRole('alert').getByText('Too many search').waitFor();
    await kiosk.expectAccessible(page);
  });
});

function row(page: Page, name: string): Locator {
  return page.getByRole('list', { name: /all times|Aufträge|المهام/ }).getByRole('link', { name });
}

interface Frames {
  readonly frames: number;
  readonly mostRows: number;
}

/** Scrolls to the end of the list, a good part of the screen at each frame. */
const scroll = `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let [frames, mostRows] = [0, 0];
  for (; frames < 5000 && !document.querySelector('[aria-posinset="1000"]'); frames += 1) {
    scrollBy(0, 130);
    await frame();
    mostRows = Math.max(mostRows, document.querySelectorAll('[role=listitem]').length);
  }
  return { frames, mostRows };
})()`;

/**
 * What the page has cost its thread so far, in ms of the processor, so that others on this machine do not count: scripts,
 * styles and layout. What this machine paints without a graphics card is not the page's.
 */
async function worked(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  const costs = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'];
  return 1000 * metrics.reduce((sum, { name, value }) => sum + (costs.includes(name) ? value : 0), 0);
}

/** Resolves when the page stands still again. */
function scrollToEnd(y: number): string {
  return `new Promise((end) => (addEventListener('scrollend', () => end(), { once: true }), scrollTo(0, ${y})))`;
}

async function middleOf(target: Locator): Promise<{ x: number; y: number }> {
  const box = await target.boundingBox();
  return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
}

/** By a finger, across. */
async function drag(page: Page, { x, y }: { x: number; y: number }, across: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at: number) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: at, y }] });
  await touch('touchStart', x);
  for (let step = 1; step <= 5; step += 1) await touch('touchMove', x + (across * step) / 5);
  await touch('touchEnd', x + across);
  await session.detach();
}
