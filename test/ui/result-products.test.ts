// What else a job brings, in a real browser: findings of several tools, the annotated video, clips, deliveries.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JobItem } from '../../appliance/contract/api.ts';
import type { ResultFrame } from '../../appliance/contract/frame.ts';
import { findChromium } from './find-chromium.ts';
import { jobId } from './job-item.ts';
import { expectTouchable, KioskBrowser, type Visited } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';
import { sampleFrames, showResult } from './result-server.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/result-products: no chromium or google-chrome in PATH\n');

const tools = ['shelf_finder', 'shelf_follower'] as const;
const [plain, tracked] = [sampleFrames(false), sampleFrames(true)];

/** Of two tools of a plugin from outside: the first only finds bottles, the second follows everything. */
const frames = plain.map((frame, at): ResultFrame => {
  const [found, followed] = [frame.detections, tracked[at]?.detections];
  if (!found || !('xyxy' in found) || !followed || 'xyxy' in followed) throw new Error('the sample has both');
  const isBottle = (_: unknown, n: number): boolean => found.class_name[n] === 'bottle';
  const bottles = {
    xyxy: found.xyxy.filter(isBottle),
    confidence: found.confidence.filter(isBottle),
    class_id: found.class_id.filter(isBottle),
    class_name: found.class_name.filter(isBottle),
  };
  const { frame_index, pts_s } = frame;
  return { frame_index, pts_s, shelf_finder: { detections: bottles }, shelf_follower: { detections: followed } };
});

const poster = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#365" d="M0 0h16v9H0z"/></svg>',
);

function clips(count: number): JobItem['clips'] {
  return Array.from({ length: count }, (_, n) => {
    const url = `/v1/jobs/${jobId(1)}/clips/${n + 1}`;
    const from = (n * 3) % 12;
    return {
      number: n + 1,
      class: ['bottle', 'can', 'box'][n % 3] ?? '',
      seen_from_s: from + 0.5,
      seen_to_s: from + 1.5,
      from_s: from,
      to_s: from + 2,
      best: 0.9,
      bytes: 1_200_000,
      type: 'video/mp4' as const,
      poster: true,
      url,
      poster_url: n === 1 ? null : `${url}/poster`,
    };
  });
}

const changes: Partial<JobItem> = {
  plugin_id: 'shelf-watch',
  plugin: 'shelf-watch',
  tool: tools[0],
  tools: [...tools],
  tool_list: [...tools],
  job_type: 'video_multi',
  pipeline: 'archive',
  source_url: 'https://videos.example.org/line-2/conveyor-line-2.mp4',
  annotated_url: `/v1/jobs/${jobId(1)}/video?annotated=1`,
  clips: clips(4),
  deliveries: [
    { target: 'nas', files: 7, bytes: 84_000_000, place: '/mnt/nas/vedette/2026-05-12/conveyor-line-2' },
    { target: 'archive', files: 7, bytes: 84_000_000, place: 's3://plant-archive/vedette/conveyor-line-2/' },
  ],
};

describe.skipIf(chromium === null)('the result of a job that was asked for more', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  /** What was asked of the job, as `path?query`. */
  async function visit(device: object, more: Partial<JobItem> = {}): Promise<Visited & { asked: string[] }> {
    const asked: string[] = [];
    const prepare = (on: KioskServer): void => {
      showResult(on, { number: 1, frames, changes: { ...changes, ...more } });
      showResult(on, { number: 2, frames: plain });
      for (const part of ['timeline', 'video']) {
        const key = `GET /v1/jobs/${jobId(1)}/${part}`;
        const answer = on.routes[key];
        if (!answer) throw new Error(`there is ${part}`);
        on.routes[key] = (request) => {
          asked.push(`${part}?${request.query.toString()}`);
          return answer(request);
        };
      }
      on.routes['GET /v1/plugins/shelf-watch/manifest'] = () => ({
        status: 200,
        body: {
          tools: [
            { id: tools[0], title: 'Shelf finder' },
            { id: tools[1], title: 'Shelf follower' },
          ],
        },
      });
      on.routes[`GET /v1/jobs/${jobId(1)}/clips/*`] = ({ path }) =>
        path.endsWith('poster')
          ? { status: 200, body: poster, headers: { 'content-type': 'image/svg+xml' } }
          : { status: 200, body: Buffer.from('clip'), headers: { 'content-disposition': 'attachment' } };
    };
    return { ...(await kiosk.visit({ prepare, hash: `#/job/${jobId(1)}?t=5.02`, device })), asked };
  }

  test('shows what the tool found that follows things, then that of the tool that is chosen, and shares it', async () => {
    const { page, asked, complaints } = await visit({ ...sizes.panel, locale: 'en' });
    const choice = page.getByRole('combobox', { name: 'Tool' });
    await choice.getByRole('option', { name: 'Shelf follower' }).waitFor({ state: 'attached' });
    await expect.poll(() => choice.inputValue()).toBe('shelf_follower');
    await page.getByRole('button', { name: 'Tracks' }).waitFor();
    await page.getByRole('button', { name: /^can/ }).waitFor();
    await kiosk.shoot(page, 'products-panel');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);

    await page.getByRole('button', { name: 'Tracks' }).tap();
    await choice.selectOption({ label: 'Shelf finder' });
    await page.getByRole('button', { name: /^bottle/ }).waitFor();
    expect(await page.getByRole('button', { name: /^can/ }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Tracks' }).count()).toBe(0);
    expect(asked.filter((one) => one.startsWith('timeline')).at(-1)).toContain('tool=shelf_finder');
    await page.locator('.time[data-frame="125"]').waitFor();
    await kiosk.shoot(page, 'products-panel-finder');
    await page.getByRole('button', { name: 'Next appearance of bottle' }).tap();
    await page.getByRole('button', { name: 'Details' }).tap();
    await page.getByRole('button', { name: 'Share', exact: true }).tap();
    await expect.poll(() => page.getByRole('textbox', { name: 'Address' }).inputValue()).toContain('tool=shelf_finder');
    expect(complaints).toEqual([]);
  });

  test('plays the video with boxes drawn into it at the same moment, and has it among the downloads', async () => {
    const { page, asked, complaints } = await visit({ ...sizes.desk, locale: 'de' });
    await page.locator('.time[data-frame="125"]').waitFor();
    const turn = page.getByRole('button', { name: 'Annotiertes Video' });
    await turn.click();
    await expect.poll(() => asked.some((one) => one.includes('annotated=1'))).toBe(true);
    await page.locator('.time[data-frame="125"]').waitFor();
    expect(await turn.getAttribute('aria-pressed')).toBe('true');
    await kiosk.shoot(page, 'products-annotated-desk-de');
    await kiosk.expectAccessible(page);
    await turn.click();
    await page.locator('.time[data-frame="125"]').waitFor();
    expect(await page.evaluate<string>(`document.querySelector('video').getAttribute('src')`)).not.toContain(
      'annotated',
    );
    await page.getByRole('button', { name: 'Details' }).click();
    const link = page.getByRole('link', { name: 'Annotiertes Video' });
    expect(await link.getAttribute('href')).toBe(`/v1/jobs/${jobId(1)}/video?annotated=1&download=1`);
    await page.getByText('s3://plant-archive/vedette/conveyor-line-2/').waitFor();
    await page.getByText('videos.example.org').waitFor();
    await page.getByText('Shelf finder und Shelf follower').waitFor();
    await page.getByText('s3://plant-archive').scrollIntoViewIfNeeded();
    await kiosk.shoot(page, 'products-details-desk-de');
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('plays its clips where they are in the video, by finger and by keyboard, and keeps their files', async () => {
    const { page, complaints } = await visit({ ...sizes.phone, locale: 'ar' });
    await page.getByRole('button', { name: 'مقاطع', exact: true }).tap();
    const clip = page.getByRole('button', { name: /^can/ });
    await clip.waitFor();
    await kiosk.shoot(page, 'products-phone-ar', true);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    const now = async () => Number(await page.locator('.time').getAttribute('data-frame'));
    await clip.focus();
    await page.keyboard.press('Enter');
    await expect.poll(now).toBeGreaterThan(76);
    // It stops by itself where the clip ends, 2 s on.
    await expect.poll(() => clip.getAttribute('aria-pressed'), { timeout: 6000 }).toBe('false');
    expect(await now()).toBeLessThan(132);
    expect(
      await page
        .getByRole('link', { name: /حفظ المقطع/ })
        .first()
        .getAttribute('download'),
    ).toBe('conveyor-line-2.clip-0001.mp4');
    expect(complaints).toEqual([]);
  });

  test('is compared with another job by the tool that is chosen', async () => {
    const { page, complaints } = await visit({ ...sizes.panel, locale: 'en' });
    await page.evaluate(`location.hash = '#/compare/${jobId(1)}/${jobId(2)}?tool=shelf_finder'`);
    const choice = page.getByRole('combobox', { name: /^Tool of First/ });
    expect(await choice.inputValue()).toBe('shelf_finder');
    const cans = page.getByRole('row', { name: /^can/ }).getByRole('cell').first();
    await cans.getByText('0', { exact: true }).waitFor();
    await choice.selectOption('shelf_follower');
    await cans.getByText('754').waitFor();
    await choice.scrollIntoViewIfNeeded();
    await kiosk.shoot(page, 'products-compare-panel');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    expect(complaints).toEqual([]);
  });

  test('with hundreds of clips draws only those that are seen; and without any of these offers none of them', async () => {
    const { page, server } = await visit({ ...sizes.panel, locale: 'en' }, { clips: clips(400) });
    await page.getByRole('button', { name: 'Clips' }).tap();
    await page.getByRole('button', { name: /^can/ }).first().waitFor();
    expect(await page.locator('.clip').count()).toBeLessThan(40);
    await kiosk.shoot(page, 'products-many-clips');
    const bare = { annotated_url: null, clips: [], deliveries: [], pipeline: null, seq: 99, source_url: null };
    const [job] = server.jobs.filter(({ job_id }) => job_id === jobId(1));
    if (!job) throw new Error('there is the job');
    server.put({ ...job, ...bare });
    await page.getByRole('button', { name: 'Clips' }).waitFor({ state: 'detached' });
    expect(await page.getByText('Annotated video').count()).toBe(0);
    await page.getByRole('button', { name: 'Details' }).tap();
    expect(await page.getByText('Delivered to').count()).toBe(0);
  });
});
