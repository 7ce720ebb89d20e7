// What the board shows in a real browser, how it moves by push, that it fits and that everyone can use it.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { completedJob, jobId, progressOf, runningJob } from './job-item.ts';
import { expectTouchable, KioskBrowser, live, type Visited } from './kiosk-browser.ts';
import { showResult } from './result-server.ts';
import { drawn, sightOf } from './sight.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/board: no chromium or google-chrome in PATH\n');

const fits = 'document.documentElement.scrollWidth <= innerWidth';

/** Pushes what the running job sees, until it is shown. */
async function showSight({ page, server }: Visited, number = 7): Promise<void> {
  await live(page).waitFor();
  server.push('preview', sightOf(jobId(number), await drawn(page)));
  await page.getByRole('img', { name: /^What .* shows now$/ }).waitFor();
}

const outside = { id: 't1', type: 'clip_extraction', video_id: 'derby', metadata: {}, status: 'transcribing' };
const outsideJob = runningJob(1, {
  ...{ outside, stage: null, source: null, model: null, source_name: outside.video_id, source_bytes: 0 },
  ...{ plugin_id: 'outside', tool: outside.type, tools: [outside.type], current_frame: 0, total_frames: null },
});

async function bottomOf(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).first().boundingBox();
  return (box?.y ?? 9999) + (box?.height ?? 9999);
}

describe.skipIf(chromium === null)('the board', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  for (const [name, device] of Object.entries(sizes))
    test(`fits the ${name} in dark and light, is legible and touchable, and keeps to its CSP`, async () => {
      const visited = await kiosk.visit({ prepare: busy, device });
      const { page, complaints } = visited;
      await showSight(visited);
      await kiosk.shoot(page, `board-${name}-dark`);
      await kiosk.expectAccessible(page);
      await page.emulateMedia({ colorScheme: 'light' });
      await expect.poll(() => page.evaluate<string>('document.documentElement.dataset.theme')).toBe('light');
      await kiosk.shoot(page, `board-${name}-light`, true);
      // What differs is the colours, and they are the same at every size.
      if (name === 'panel') await kiosk.expectAccessible(page);
      expect(await page.evaluate<boolean>(fits)).toBe(true);
      if (name === 'panel' || name === 'phone') await expectTouchable(page);
      expect(complaints).toEqual([]);
    });

  test('fits all of the running job on the panel without scrolling, with a picture and without', async () => {
    const visited = await kiosk.visit({ prepare: busy, device: sizes.panel });
    const { page } = visited;
    await page.getByRole('progressbar').getByText('42').waitFor();
    await kiosk.shoot(page, 'board-panel-dial');
    expect(await bottomOf(page, 'article')).toBeLessThanOrEqual(480);
    await showSight(visited);
    await page.getByText('2 more').waitFor();
    await expect.poll(() => bottomOf(page, 'article')).toBeLessThanOrEqual(480);
  });

  test('reads from right to left in Arabic, and in high contrast', async () => {
    const visited = await kiosk.visit({ prepare: busy, device: { ...sizes.panel, locale: 'ar', contrast: 'more' } });
    const { page, server, complaints } = visited;
    await page.getByRole('progressbar').waitFor();
    server.push('preview', sightOf(jobId(7), await drawn(page)));
    await page.getByRole('img').first().waitFor();
    expect(await page.evaluate<string>('document.documentElement.dir')).toBe('rtl');
    await kiosk.expectAccessible(page);
    for (const [name, { viewport }] of Object.entries(sizes)) {
      await page.setViewportSize(viewport);
      await kiosk.shoot(page, `board-${name}-ar`);
      expect(await page.evaluate<boolean>(fits), name).toBe(true);
    }
    expect(complaints).toEqual([]);
  });

  test('stays readable at the width of 320 px, with the largest figures, in the language of the longest words', async () => {
    const visited = await kiosk.visit({
      prepare: (on) => {
        busy(on);
        on.put(runningJob(7, { current_frame: 1_234_567, total_frames: 2_345_678, eta_s: 86_000, fps: 1234 }));
      },
      device: { viewport: { width: 320, height: 568 }, hasTouch: true, locale: 'de' },
    });
    const { page, server } = visited;
    await page.getByText('von 2.345.678').waitFor();
    server.push('preview', sightOf(jobId(7), await drawn(page)));
    await page.getByRole('img', { name: /^Aktuelles Bild/ }).waitFor();
    await kiosk.shoot(page, 'board-narrow', true);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(320);
    await expectTouchable(page);
  });

  test('moves on push, and moves nothing else', async () => {
    const visited = await kiosk.visit({ prepare: busy });
    const { page, server } = visited;
    await showSight(visited);
    const bar = page.getByRole('progressbar');
    await bar.getByText('42').waitFor();
    const way = page.getByRole('list', { name: 'Stages' });
    const before = await way.boundingBox();
    server.advance(progressOf(runningJob(7), { seq: 51, progress: 100, current_frame: 2999, eta_s: 0.2, fps: 131.7 }));
    await bar.getByText('100').waitFor();
    await page.getByText('2,999').waitFor();
    expect(await bar.getAttribute('aria-valuenow')).toBe('100');
    expect(await page.locator('.lit').count()).toBe(100);
    expect(await way.boundingBox()).toEqual(before);

    server.put(completedJob(7, { seq: 99, source_name: 'north-gate-2026-05-12.mp4' }));
    await page.getByText('Next in line.').waitFor();
    await page.getByRole('status').getByText('north-gate-2026-05-12.mp4: Completed').waitFor({ state: 'attached' });
    expect(server.polls).toBe(0);
  });

  test('draws the boxes where the things are, and has nothing pushed while another screen is shown', async () => {
    const visited = await kiosk.visit({ prepare: busy });
    const { page, server } = visited;
    await showSight(visited);
    // The box of the ball, 840..960 of 1920 across and 780..900 of 1080 down: blue on its edge, the ball within.
    const colour = (x: number, y: number) =>
      page.evaluate<number[]>(`(() => {
        const canvas = document.querySelector('canvas.boxes');
        const at = [(${x} / 1920) * canvas.width, (${y} / 1080) * canvas.height];
        return [...canvas.getContext('2d').getImageData(...at, 1, 1).data];
      })()`);
    await expect.poll(async () => (await colour(840, 860))[3]).toBe(255);
    const [red = 0, , blue = 0] = await colour(840, 860);
    expect(blue).toBeGreaterThan(red);
    expect((await colour(900, 840))[3]).toBe(0);

    expect(server.looks.at(-1)).toMatchObject({ preview: true });
    await page.getByRole('navigation').getByRole('link', { name: 'History' }).click();
    await expect.poll(() => server.looks.at(-1)?.preview).toBe(false);
  });

  test('shows all that runs, and makes large what is tapped', async () => {
    const visited = await kiosk.visit({
      prepare: (on) => {
        busy(on);
        on.jobs = [...on.jobs, runningJob(11, { source_name: 'second.mp4', progress: 7, held: 'The disk is full.' })];
      },
    });
    const { page } = visited;
    await showSight(visited);
    await kiosk.shoot(page, 'board-two');
    await page.getByRole('button', { name: 'Show second.mp4 large' }).click();
    await page.getByRole('progressbar', { name: 'Progress of second.mp4' }).waitFor();
    await page.getByRole('button', { name: 'Show north-gate-2026-05-12.mp4 large' }).waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(1);
  });

  test('says why a job shows no percentage, and never NaN', async () => {
    const { page, server } = await kiosk.visit({
      prepare: (on) => {
        on.jobs = [runningJob(1, { indeterminate: true, progress: 1, current_frame: 0, eta_s: null, fps: null })];
      },
      device: sizes.panel,
    });
    await page.getByText('This tool reports no progress').waitFor();
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBeNull();
    await kiosk.shoot(page, 'board-indeterminate');
    server.put(runningJob(1, { progress: null, total_frames: null, eta_s: null, fps: null, seq: 99 }));
    await page.getByText('total unknown').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('NaN');
    expect(await page.getByRole('progressbar').innerText()).toBe('–');
  });

  test('says that the running job is held, why, and what to do, and that it goes on', async () => {
    const visited = await kiosk.visit({ prepare: busy, device: sizes.panel });
    const { page, server } = visited;
    await showSight(visited);
    const held = 'The disk is nearly full: less than 1.07 GB is free. The job goes on by itself when there is room.';
    server.change({ state: 'degraded', reasons: ['The disk is nearly full: 512 MB are free.'] });
    server.advance(progressOf(runningJob(7), { seq: 51, held, fps: null, eta_s: null }));
    await page.getByText(held).waitFor();
    await page.getByText('On hold').waitFor();
    await page.getByText('1,268 of 3,000 frames done').waitFor();
    expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('42');
    await kiosk.shoot(page, 'board-held', true);
    await kiosk.expectAccessible(page);
    server.advance(progressOf(runningJob(7), { seq: 52, held: null, progress: 43 }));
    await page.getByText('Speed').waitFor();
    expect(await page.getByText('On hold').count()).toBe(0);
  });

  test('teaches the first step while there is nothing', async () => {
    const { page, complaints } = await kiosk.visit({ device: sizes.panel });
    await page.getByText('Ready for the first video').waitFor();
    await kiosk.shoot(page, 'board-empty');
    expect(await bottomOf(page, '.board')).toBeLessThanOrEqual(480);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.setViewportSize(sizes.phone.viewport);
    await kiosk.shoot(page, 'board-empty-phone');
    await page.getByRole('link', { name: 'Add a video' }).click();
    await expect.poll(() => page.url()).toContain('#/submit');
    expect(complaints).toEqual([]);
  });

  test('shows stills while push is down, the last picture while nobody answers, and live ones again by itself', async () => {
    const visited = await kiosk.visit({ prepare: busy });
    const { page, server } = visited;
    await showSight(visited);
    const jpeg = await drawn(page);
    let asked = 0;
    server.routes[`GET /v1/jobs/${jobId(7)}/preview`] = () => {
      asked += 1;
      return { status: 200, body: jpeg, headers: { 'content-type': 'image/jpeg' } };
    };
    server.breakPush();
    await page.getByText('Without boxes while live push is down').waitFor();
    await kiosk.shoot(page, 'board-stills');
    await kiosk.expectAccessible(page);
    server.answering = false;
    await page.getByText('Last picture received').waitFor();
    await kiosk.shoot(page, 'board-offline');
    server.answering = true;
    server.pushing = true;
    await live(page).waitFor();
    await page.getByText('Last picture received').waitFor({ state: 'detached' });
    expect(asked).toBeGreaterThan(0);
    const before = asked;
    server.advance(progressOf(runningJob(7), { seq: 61, progress: 80 }));
    await page.getByRole('progressbar').getByText('80').waitFor();
    expect(asked).toBe(before);
  });

  test('shows a job of a program outside in its own words, and offers nothing that is not its to do', async () => {
    const error = { error: 'No space left', error_message: 'No space left', error_code: 'outside-failed' };
    const failed = { ...outsideJob, ...error, status: 'failed', seq: 99, completed_at: outsideJob.updated_at } as const;
    const { page, server, complaints } = await kiosk.visit({
      prepare: (on) => {
        showResult(on, { number: 1, frames: [], video: null, changes: failed });
        on.jobs = [outsideJob];
      },
    });
    await page.getByText('clip_extraction · transcribing').waitFor();
    await page.getByRole('progressbar').getByText('42').waitFor();
    expect(await page.getByRole('list', { name: 'Stages' }).count()).toBe(0);
    server.put(failed);
    await page.getByText('No space left').waitFor();
    expect(await page.getByRole('button', { name: /again/ }).count()).toBe(0);
    await page.getByRole('link', { name: 'derby' }).click();
    await page.getByRole('heading', { name: 'derby', level: 1 }).waitFor();
    expect(await page.getByRole('button', { name: /again/ }).count()).toBe(0);
    expect(await page.locator('video').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
