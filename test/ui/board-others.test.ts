// Jobs that are not analysed here, or not yet: of programs outside, of other appliances, and those still on their way.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JobItem } from '../../appliance/contract/api.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { findChromium } from './find-chromium.ts';
import { completedJob, jobId, jobItem, runningJob } from './job-item.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';
import { showResult } from './result-server.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/board-others: no chromium or google-chrome in PATH\n');

const outside = {
  id: 't1',
  type: 'clip_extraction',
  video_id: 'derby-2026-05-12',
  metadata: { league: 'second', camera: 4, teams: ['red', 'blue'], editor: 'Yusuf', note: 'final cut', shots: 12 },
  status: 'transcribing',
};
const none = { stage: null, source: null, model: null, source_bytes: 0, fps: null, current_frame: 0 };
const outsideJob = runningJob(1, {
  ...{ ...none, outside, source_name: 'derby-2026-05-12', total_frames: null },
  ...{ plugin_id: 'outside', tool: outside.type, tools: [outside.type] },
});
const south = { node: 'gate-south', url: 'http://gate-south.local:8000/' };
const there = 'http://gate-south.local:8000';
const download = {
  ...{ source_url: 'https://videos.example.org/match.mp4', source_name: 'match.mp4', source: null, model: null },
  pipeline: 'archive',
  stages: [
    { stage: 'downloading', weight: 20 },
    { stage: 'probing', weight: 1 },
    { stage: 'analyzing', weight: 69 },
    { stage: 'delivering', weight: 10 },
  ],
} satisfies Partial<JobItem>;

function outsideDay(on: KioskServer): void {
  on.jobs = [
    completedJob(3, {
      ...{
        ...none,
        outside: { ...outside, metadata: { channel: 'main' }, status: 'published' },
        summary: null,
        result_url: null,
      },
      source_name: 'cup-final',
    }),
    outsideJob,
  ];
}

const several = {
  tools: ['video_player_detection', 'video_player_tracking'],
  pipeline: 'archive',
  job_type: 'video_multi',
} satisfies Partial<JobItem>;

describe.skipIf(chromium === null)('a job that is not analysed here', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('but by a program outside shows what the program says, on the board, in the history and by itself', async () => {
    const { page, server, complaints } = await kiosk.visit({ prepare: outsideDay, device: { ...sizes.panel } });
    await page.getByText('transcribing').first().waitFor();
    await page.getByText('league').waitFor();
    await page.getByText('One more entry').waitFor();
    await page.getByText('clip_extraction · published').waitFor();
    await kiosk.shoot(page, 'others-outside-panel', true);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.goto(`${page.url().split('#')[0] ?? ''}#/history`);
    await page.getByText('published').waitFor();
    await kiosk.shoot(page, 'others-outside-history');
    await kiosk.expectAccessible(page);
    await page.evaluate(`location.hash = '#/job/${jobId(1)}'`);
    await page.getByText('final cut').waitFor();
    await page.getByText('["red","blue"]').waitFor();
    await kiosk.shoot(page, 'others-outside-job');
    await kiosk.expectAccessible(page);
    expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(1);
    const failed = { status: 'failed', error_code: 'outside-failed', error_message: 'Kein Platz', seq: 99 } as const;
    server.put({ ...outsideJob, ...failed });
    await page.getByRole('button', { name: 'Remove' }).waitFor();
    expect(await page.getByRole('button', { name: 'Run again' }).count()).toBe(0);
    expect(await page.locator('video').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('but by another appliance names that one and leads there, and nothing of it is asked for or ordered here', async () => {
    const asked: string[] = [];
    const { page, server, complaints } = await kiosk.visit({
      prepare: (on) => {
        on.jobs = [
          runningJob(1, { appliance: south, source_name: 'yard-south.mp4' }),
          runningJob(4, { appliance: { node: 'gate-west', url: null }, source_name: 'yard-west.mp4', progress: 7 }),
          jobItem(2, { appliance: south, source_name: 'later-south.mp4' }),
          completedJob(3, { appliance: south, source_name: 'done-south.mp4', poster_url: `${there}/v1/jobs/3/poster` }),
        ];
      },
      device: { ...sizes.desk, locale: 'de' },
    });
    page.on('request', (request) => asked.push(request.url()));
    await page.getByRole('heading', { name: 'Auf anderen Geräten' }).waitFor();
    // Nothing runs here, nothing waits here.
    await page.getByText('Alles ruhig').waitFor();
    await kiosk.shoot(page, 'others-elsewhere-desk-de');
    await kiosk.expectAccessible(page);
    expect(await page.getByRole('button', { name: /entfernen|wiederholen|abbrechen/i }).count()).toBe(0);
    const card = page.getByRole('link', { name: /done-south/ });
    expect(await card.getAttribute('href')).toBe(`${there}/#/job/${jobId(3)}`);
    expect(await card.getAttribute('target')).toBe('_blank');

    await page.getByRole('button', { name: /yard-south/ }).click();
    await page.getByRole('progressbar', { name: /yard-south/ }).waitFor();
    const chip = page.getByRole('link', { name: /gate-south/ }).first();
    expect(await chip.getAttribute('href')).toBe(`${there}/#/job/${jobId(1)}`);
    await page.setViewportSize(sizes.phone.viewport);
    await kiosk.shoot(page, 'others-elsewhere-phone-de', true);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    server.put(runningJob(5, { source_name: 'here.mp4' }));
    await page.getByRole('button', { name: 'Zurück zu diesem Gerät' }).click();
    await page.getByRole('progressbar', { name: /here\.mp4/ }).waitFor();
    await page.evaluate(`location.hash = '#/job/${jobId(3)}'`);
    await page.getByRole('link', { name: 'Auf gate-south öffnen' }).waitFor();
    await kiosk.shoot(page, 'others-elsewhere-job-de');
    await kiosk.expectAccessible(page);
    const strange = [1, 2, 3, 4].map(jobId);
    expect(asked.filter((url) => strange.some((id) => url.includes(id)) || url.startsWith(there))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('by one tool alone says by which, and by which pipeline, on the board and in the history', async () => {
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => {
        on.jobs = [completedJob(2, several), runningJob(1, { ...several, stages: download.stages })];
      },
      device: { ...sizes.phone, locale: 'en', colorScheme: 'light' },
    });
    await page.getByText('Pipeline archive').first().waitFor();
    expect(await page.getByText('Tracking', { exact: true }).count()).toBe(2);
    await kiosk.shoot(page, 'others-several-phone', true);
    await kiosk.expectAccessible(page);
    await page.evaluate(`location.hash = '#/history'`);
    await page.getByRole('listitem').getByText('Pipeline archive').first().waitFor();
    await kiosk.shoot(page, 'others-several-history-phone');
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.setViewportSize(sizes.desk.viewport);
    await kiosk.shoot(page, 'others-several-history-desk');
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('yet, but is still downloaded, says from where, how far it is, and that its video is to come', async () => {
    const { page, complaints } = await kiosk.visit({
      prepare: (on) => {
        const all = [
          runningJob(1, {
            ...{ ...download, stage: 'downloading', progress: 12, current_frame: 0, total_frames: null },
            ...{ fps: null, eta_s: 40, source_bytes: 812_000_000 },
          }),
          jobItem(2, {
            ...{ ...download, source_bytes: 0, source_name: 'next.mp4', tool: 'video_player_detection' },
            tools: ['video_player_detection', 'video_player_tracking'],
            options: { ...noJobOptions, annotated: true, pipeline: 'archive' },
          }),
          completedJob(3, {
            ...{ ...download, summary: null, result_url: null, status: 'failed' },
            ...{ error_code: 'download-failed', error_message: 'The server answered 404 Not Found.' },
          }),
        ];
        for (const [at, job] of all.entries())
          showResult(on, { number: at + 1, frames: [], video: null, changes: job });
      },
      device: { ...sizes.panel, locale: 'ar' },
    });
    await page.getByText('videos.example.org', { exact: true }).waitFor();
    await page.getByText('812').waitFor();
    await kiosk.shoot(page, 'others-download-panel-ar', true);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await page.setViewportSize(sizes.phone.viewport);
    await kiosk.shoot(page, 'others-download-phone-ar', true);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.setViewportSize(sizes.panel.viewport);
    await page.evaluate(`location.hash = '#/job/${jobId(1)}'`);
    await page.getByText('لم يصل الفيديو بعد').waitFor();
    await kiosk.shoot(page, 'others-download-job-ar');
    await kiosk.expectAccessible(page);
    await page.evaluate(`location.hash = '#/job/${jobId(3)}'`);
    await page.getByText('تعذّر تنزيل الفيديو.').waitFor();
    await page.getByText('The server answered 404 Not Found.').waitFor();
    await page.getByText('لم يصل الفيديو إلى هنا قط.').waitFor();
    await kiosk.shoot(page, 'others-download-failed-ar');
    expect(complaints).toEqual([]);
  });
});
