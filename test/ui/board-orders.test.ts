// What a person orders on the board, in a real browser: reorder, cancel, run again, remove, unlock.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { jobId, jobItem } from './job-item.ts';
import { expectTouchable, KioskBrowser, live } from './kiosk-browser.ts';
import type { GivenRequest, KioskServer } from './kiosk-server.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/board-orders: no chromium or google-chrome in PATH\n');

const yard = jobId(10);

/** Moves as the appliance does: one rank changes. Tells what was asked. */
function moving(on: KioskServer): { readonly asked: string[]; until: Promise<void> } {
  const told = { asked: [] as string[], until: Promise.resolve() };
  on.routes['POST /v1/jobs/*'] = async ({ path, body }: GivenRequest) => {
    await told.until;
    const id = path.split('/')[3] ?? '';
    const { before } = JSON.parse(body.toString()) as { before: string | null };
    told.asked.push(`${id.slice(-2)} before ${before === null ? 'none' : before.slice(-2)}`);
    const rankOf = (one: string | null): number => on.jobs.find(({ job_id }) => job_id === one)?.queue_rank ?? 99;
    const job = on.jobs.find(({ job_id }) => job_id === id);
    if (!job) return { status: 404, body: { detail: 'Job not found' } };
    const moved = { ...job, queue_rank: rankOf(before) - 0.5, seq: job.seq + 1 };
    on.put(moved);
    return { status: 200, body: moved };
  };
  return told;
}

async function order(page: Page): Promise<string[]> {
  const names = await page.getByRole('region', { name: 'Queue' }).locator('li .name').allInnerTexts();
  return names.map((name) => name.slice(0, 4));
}

describe.skipIf(chromium === null)('a person at the board', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('drags a waiting job to another place, by mouse and by finger, and back out of it by Escape', async () => {
    let told: ReturnType<typeof moving> | undefined;
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => {
        busy(on);
        told = moving(on);
      },
      device: { hasTouch: true },
    });
    await live(page).waitFor();
    const grip = (name: string) => page.getByRole('button', { name: new RegExp(`^Move ${name}`) });
    expect(await order(page)).toEqual(['IMG_', 'load', 'yard']);
    const [from, to] = [await grip('yard').boundingBox(), await grip('IMG').boundingBox()];
    if (!from || !to) throw new Error('the grips are not in the page');

    await page.mouse.move(from.x + 24, from.y + 24);
    await page.mouse.down();
    await page.mouse.move(to.x + 24, to.y + 10, { steps: 4 });
    await kiosk.shoot(page, 'board-dragged');
    await page.keyboard.press('Escape');
    await page.mouse.up();
    expect(await order(page)).toEqual(['IMG_', 'load', 'yard']);

    await page.mouse.move(from.x + 24, from.y + 24);
    await page.mouse.down();
    await page.mouse.move(to.x + 24, to.y + 10, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => order(page)).toEqual(['yard', 'IMG_', 'load']);
    await page.getByRole('status').getByText('yard-east.mp4: position 1 of 3').waitFor({ state: 'attached' });
    expect(await page.getByRole('group', { name: /^Move/ }).count()).toBe(0);

    // The last one by a finger, over the middle.
    const finger = await page.context().newCDPSession(page);
    const touch = (type: string, y: number) =>
      finger.send('Input.dispatchTouchEvent', {
        type: type as 'touchMove',
        touchPoints: type === 'touchEnd' ? [] : [{ x: from.x + 24, y }],
      });
    await touch('touchStart', to.y + 24);
    for (const y of [to.y + 40, to.y + 90, from.y + 90]) await touch('touchMove', y);
    await touch('touchEnd', 0);
    await expect.poll(() => order(page)).toEqual(['IMG_', 'load', 'yard']);
    await expect.poll(() => told?.asked).toEqual(['10 before 08', '10 before none']);
    expect(complaints).toEqual([]);
  });

  test('moves a job by buttons that keep the focus, at once, and sees it put right where it is refused', async () => {
    let answer: () => void = () => undefined;
    const { page, server } = await kiosk.visit({ prepare: busy, device: sizes.phone });
    const told = moving(server);
    await live(page).waitFor();
    await page.getByRole('button', { name: /^Move load/ }).click();
    const moves = page.getByRole('group', { name: /^Move load/ });
    await kiosk.shoot(page, 'board-moves', true);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    told.until = new Promise((resolve) => (answer = resolve));
    await moves.getByRole('button', { name: 'Up' }).click();
    expect(await order(page)).toEqual(['load', 'IMG_', 'yard']);
    expect(told.asked).toEqual([]);
    answer();
    await expect.poll(() => told.asked).toEqual(['09 before 08']);
    expect(await page.evaluate<string>('document.activeElement.innerText.trim()')).toBe('Up');
    expect(await moves.getByRole('button', { name: 'Up' }).getAttribute('aria-disabled')).toBe('true');

    server.routes['POST /v1/jobs/*'] = () => ({ status: 409, body: { detail: 'The job no longer waits' } });
    await page.getByRole('button', { name: /^Move yard/ }).click();
    await page.getByRole('button', { name: 'To the front' }).click();
    await page.getByRole('alert').getByText('The job no longer waits.').waitFor();
    expect(await order(page)).toEqual(['load', 'IMG_', 'yard']);
    server.put(jobItem(9, { status: 'cancelled', seq: 9 }));
    await expect.poll(() => order(page)).toEqual(['IMG_', 'yard']);
  });

  test('is asked before a job is cancelled or removed, and Escape means no', async () => {
    const { page, server, complaints } = await kiosk.visit({ prepare: busy });
    const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    await cancel.click();
    await page.getByRole('dialog').getByText('Cancel north-gate').waitFor();
    await kiosk.shoot(page, 'board-question');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(server.jobs.find(({ status }) => status === 'running')).toBeDefined();

    await cancel.click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('Next in line.').waitFor();
    await page.getByRole('button', { name: /^Run north-gate.* again$/ }).click();
    await expect.poll(() => server.jobs.find(({ job_id }) => job_id === jobId(7))?.status).toBe('pending');
    await page.getByRole('button', { name: 'Cancel yard-east.mp4' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await expect.poll(() => server.jobs.find(({ job_id }) => job_id === yard)?.status).toBe('cancelled');
    await page.getByRole('button', { name: 'Remove broken.mp4' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('article', { name: 'broken.mp4' }).waitFor({ state: 'hidden' });
    expect(complaints).toEqual([]);

    await page.getByRole('button', { name: 'Remove training-session.mp4' }).click();
    server.jobs = [];
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('alert').getByText('Job not found.').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  test('opens a result by its card, and all of them by a link', async () => {
    const { page } = await kiosk.visit({ prepare: busy, device: sizes.phone });
    const card = page.getByRole('article', { name: 'training-session.mp4' });
    await card.click();
    expect(page.url()).toContain(`#/job/${jobId(6)}`);
    await page.goBack();
    await page.getByRole('link', { name: 'All results' }).click();
    await expect.poll(() => page.url()).toContain('#/history');
  });

  test('gives the key, which stays out of the address, and sees the pictures that need it', async () => {
    const { page } = await kiosk.visit({ key: 'sesame', prepare: busy });
    await page.getByText('This appliance asks for its key').waitFor();
    await page.getByText('The jobs appear here once the key is given.').waitFor();
    await kiosk.shoot(page, 'board-locked');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.getByLabel('API key').fill('sesame');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect
      .poll(() => page.evaluate<number>(`document.querySelector('img[alt^="A frame"]')?.naturalWidth ?? 0`))
      .toBeGreaterThan(0);
    await page.goto(`${new URL(page.url()).origin}/?again#key=sesame`);
    await live(page).waitFor();
    expect(page.url()).not.toContain('sesame');
  });
});
