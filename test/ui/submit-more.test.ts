// Asking for more than detection, in a real browser: tools of plugins, pipelines, the annotated video, a video by its address.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from './find-chromium.ts';
import { jobId, runningJob } from './job-item.ts';
import { expectTouchable, KioskBrowser, type Visit, type Visited } from './kiosk-browser.ts';
import type { GivenRequest, KioskServer } from './kiosk-server.ts';
import { sizes } from './sizes.ts';
import { metadataOf, prepareMore, prepareSubmit } from './submit-server.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/submit-more: no chromium or google-chrome in PATH\n');

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const clip = { name: 'sample.mp4', mimeType: 'video/mp4', buffer: readFileSync(sample) };
// One black pixel.
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';
const still = { name: 'yard.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') };

describe.skipIf(chromium === null)('the submit screen', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  async function visit(device: Visit['device'], prepare: (server: KioskServer) => void): Promise<Visited> {
    const visited = await kiosk.visit({
      prepare: (server) => {
        prepareSubmit(server);
        prepare(server);
      },
      hash: '#/submit',
      ...(device ? { device } : {}),
    });
    await visited.page.locator('input[type=file]').waitFor({ state: 'attached' });
    await expect.poll(() => visited.server.snapshots, { message: 'it is live' }).toBeGreaterThan(0);
    return visited;
  }

  test('runs several tools of a plugin, what a pipeline says, and makes the annotated video', async () => {
    const { page, server, complaints } = await visit(sizes.panel, prepareMore);
    server.routes['POST /v1/image/submit'] = () => ({ status: 200, body: { job_id: jobId(50) } });
    await page.setInputFiles('input[type=file]', [still, clip]);
    await page.getByRole('button', { name: 'Change' }).click();
    const sheet = page.getByRole('dialog', { name: 'What to look for' });
    await sheet.getByRole('button', { name: 'More' }).click();
    const videos = sheet.getByRole('group', { name: 'What runs on videos' });
    const last = videos.getByRole('checkbox', { name: 'Detect' });
    await last.dispatchEvent('click');
    expect(await last.isChecked(), 'one tool is left').toBe(true);
    await videos.getByRole('checkbox', { name: 'Sure things only' }).click();
    expect(await last.isChecked(), 'that is of another plugin').toBe(false);
    await videos.getByRole('checkbox', { name: 'Largest object' }).click();
    await sheet.getByRole('checkbox', { name: 'Sure things of a picture' }).click();
    await sheet.getByRole('checkbox', { name: 'Also make the annotated video' }).click();
    await videos.scrollIntoViewIfNeeded();
    await kiosk.shoot(page, 'submit-panel-tools');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);

    const pipeline = sheet.getByRole('combobox', { name: 'Pipeline' });
    await pipeline.selectOption('gate');
    const steps = sheet.getByRole('list', { name: 'Steps of the pipeline' }).getByRole('listitem');
    expect(await steps.allInnerTexts()).toEqual(['Probe', 'Analyse', 'Annotate', 'Clips', 'Save', 'Deliver']);
    await sheet.getByText('Runs Track').waitFor();
    await sheet.getByText('Delivers to nas').waitFor();
    await videos.waitFor({ state: 'detached' });
    await kiosk.shoot(page, 'submit-panel-pipeline');
    await kiosk.expectAccessible(page);
    await pipeline.selectOption('archive');
    await videos.waitFor();
    await sheet.getByRole('button', { name: 'Close' }).click();
    const wanted = page.getByRole('region', { name: 'What to look for' });
    for (const chip of ['archive', 'Sure things only and Largest object', 'Annotated video'])
      await wanted.getByText(chip, { exact: true }).waitFor();
    await kiosk.shoot(page, 'submit-panel-wanted');
    const [metadata, picture] = await Promise.all([
      metadataOf(page),
      page.waitForRequest((request) => request.url().includes('/v1/image/submit')),
      page.getByRole('button', { name: 'Analyse 2 files' }).click(),
    ]);
    const plugin = { plugin_id: 'sure-things', tool: 'sure,largest' };
    expect(metadata).toEqual({ filename: 'sample.mp4', ...plugin, pipeline: 'archive', annotated: 'true' });
    expect(new URL(picture.url()).search).toBe('?plugin_id=sure-things&tool=still');
    expect(complaints).toEqual([]);
  });

  test('lets go of a plugin and a pipeline that the appliance no longer has', async () => {
    const { page, server } = await visit(sizes.desk, prepareMore);
    await page.getByRole('combobox', { name: 'Pipeline' }).selectOption('archive');
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('checkbox', { name: 'Largest object' }).click();
    await kiosk.shoot(page, 'submit-desk-tools');
    server.routes['GET /v1/plugins'] = () => ({ status: 200, body: [] });
    server.routes['GET /v1/pipelines'] = () => ({ status: 200, body: { pipelines: [] } });
    server.breakPush();
    server.pushing = true;
    await page.getByRole('combobox', { name: 'Pipeline' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Detect', pressed: true }).waitFor();
  });

  test('has a video downloaded from an address, says which rule refuses one, and follows the job', async () => {
    const given: GivenRequest[] = [];
    const refusal = 'The URL is refused: nas.lan is at 192.168.1.9, which is no public address (private), and …';
    const { page, server, complaints } = await visit(sizes.panel, (on) => {
      on.routes['POST /v1/jobs'] = (request) => {
        given.push(request);
        if (given.length > 1) return { status: 200, body: { job_id: jobId(60), status: 'queued' } };
        return { status: 400, body: { detail: refusal }, headers: { 'vedette-fault': 'source-url-refused' } };
      };
    });
    await page.getByRole('button', { name: 'From an address' }).click();
    const sheet = page.getByRole('dialog', { name: 'From an address' });
    const address = sheet.getByRole('textbox', { name: 'Address of the video' });
    await address.fill('ftp://nas.lan/day.mp4');
    await address.press('Enter');
    await sheet.getByRole('alert').getByText('begin with http:// or https://').waitFor();
    await address.fill('http://nas.lan/day/gate%201.mp4?sig=abc');
    await sheet.getByRole('button', { name: 'Download and analyse' }).click();
    await sheet
      .getByRole('alert')
      .getByText('may not download from nas.lan: it is not on the public internet')
      .waitFor();
    await kiosk.shoot(page, 'submit-panel-address');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await sheet.getByRole('button', { name: 'Download and analyse' }).click();
    await sheet.waitFor({ state: 'detached' });
    const asked = given.map(({ body }) => JSON.parse(body.toString()) as unknown);
    const tools = { plugin_id: 'yolo-tracker', tools: ['video_player_detection'] };
    expect(asked).toEqual(Array(2).fill({ url: 'http://nas.lan/day/gate%201.mp4?sig=abc', ...tools }));
    const keys = given.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size, 'the same again is no second job').toBe(1);

    const row = page.getByRole('region', { name: 'On their way' }).getByRole('listitem');
    await row.filter({ hasText: 'gate 1.mp4' }).getByText('In the queue; downloaded when its turn comes').waitFor();
    const job = runningJob(60, { source_name: 'gate 1.mp4', stage: 'downloading', progress: 7 });
    server.put(job);
    await row.getByText('Downloading the video').waitFor();
    await kiosk.shoot(page, 'submit-panel-fetched');
    await row.getByRole('link', { name: 'Open gate 1.mp4' }).click();
    expect(new URL(page.url()).hash).toBe(`#/job/${jobId(60)}`);
    // The browser itself tells of the refusal.
    expect(complaints.filter((complaint) => !complaint.includes('400'))).toEqual([]);
  });
});
