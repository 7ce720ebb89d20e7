// The history with a real appliance behind it: what it is asked for, it understands, and what is removed is gone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HistoryPage } from '../../appliance/contract/history-api.ts';
import { ModelHouse } from '../models/model-house.ts';
import { tinyMp4 } from '../serve/form.ts';
import { findChromium } from './find-chromium.ts';
import { KioskBrowser } from './kiosk-browser.ts';
import type { GivenAnswer, GivenRequest, KioskServer } from './kiosk-server.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/history-real: no chromium or google-chrome in PATH\n');

describe.skipIf(chromium === null)('the history of a real appliance', { timeout: 240_000 }, () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());

  test('is searched, narrowed and emptied', async () => {
    const house = new ModelHouse();
    await house.start();
    // They hold nothing that can be decoded: each is soon a failed job.
    for (const name of ['Straße Nord.mp4', 'gate 1.mp4', 'gate 2.mp4']) await submit(house, name);
    await expect.poll(async () => (await found(house, 'status=failed')).count, { timeout: 180_000 }).toBe(3);
    const { page, complaints } = await kiosk.visit({ prepare: (on) => passOn(on, house), hash: '#/history' });
    const total = page.locator('p').filter({ hasText: 'on the disk' });
    await total.filter({ hasText: '3 jobs' }).waitFor();
    await page.getByRole('textbox', { name: 'Search by name' }).fill('nord strasse');
    await total.filter({ hasText: '1 job' }).waitFor();
    await page.getByRole('button', { name: 'Today' }).click();
    await page.getByRole('button', { name: 'Failed' }).click();
    await page.getByRole('link', { name: 'Straße Nord.mp4' }).waitFor();
    expect(page.url()).toContain('status=failed');
    await page.getByRole('button', { name: 'Completed' }).click();
    await page.getByRole('button', { name: 'Failed' }).click();
    await page.getByRole('heading', { name: 'Nothing fits' }).waitFor();
    await page.getByRole('link', { name: 'Clear filters' }).click();
    await total.filter({ hasText: '3 jobs' }).waitFor();
    await page.getByRole('button', { name: 'Remove gate 2.mp4' }).click();
    await total.filter({ hasText: '2 jobs' }).waitFor();
    expect((await found(house, '')).count).toBe(3);
    await page.getByText(/freed/).waitFor({ timeout: 30_000 });
    expect((await found(house, '')).jobs.map(({ source_name }) => source_name)).toEqual([
      'gate 1.mp4',
      'Straße Nord.mp4',
    ]);
    expect(complaints).toEqual([]);
    await kiosk.leave();
    await house.stop();
  });
});

async function submit(house: ModelHouse, name: string): Promise<void> {
  const form = new FormData();
  form.set('file', new File([tinyMp4], name));
  const { body } = await house.ask('/v1/video/submit?plugin_id=yolo&tool=detect', { method: 'POST', body: form });
  z.object({ job_id: z.uuid() }).parse(body);
}

async function found(house: ModelHouse, query: string): Promise<HistoryPage> {
  return HistoryPage.parse((await house.ask(`/v1/history?${query}`)).body);
}

function passOn(on: KioskServer, house: ModelHouse): void {
  const pass =
    (method: string) =>
    ({ path, query, body }: GivenRequest): Promise<GivenAnswer> =>
      house.ask(`${path}?${query.toString()}`, method === 'GET' ? {} : { method, body });
  on.routes['GET /v1/history'] = pass('GET');
  on.routes['POST /v1/history/delete'] = pass('POST');
}
