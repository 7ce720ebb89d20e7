// The models in a real browser, with a real appliance behind them: look, add, choose, set, check on a picture, remove.
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ModelList, ModelView } from '../../appliance/contract/model-api.ts';
import { encodePng } from '../../appliance/worker/encode-png.ts';
import { colours, ModelHouse } from '../models/model-house.ts';
import { findChromium } from './find-chromium.ts';
import { completedJob, systemView } from './job-item.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/models: no chromium or google-chrome in PATH\n');

const panel = { viewport: { width: 800, height: 480 }, hasTouch: true };
const devices = [
  { name: 'panel', ...panel, colorScheme: 'dark', locale: 'en' },
  { name: 'phone', viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'light', locale: 'ar' },
  { name: 'wall', viewport: { width: 1920, height: 1080 }, hasTouch: true, colorScheme: 'dark', locale: 'ar' },
  { name: 'desk', viewport: { width: 1280, height: 800 }, colorScheme: 'dark', locale: 'zh', contrast: 'more' },
] as const;

describe.skipIf(chromium === null)('the models', { timeout: 300_000 }, () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('are taken in, put into use, set, shown a picture, and removed', async () => {
    const house = new ModelHouse();
    house.put('junk', 'this is no network');
    await house.start();
    const { page, complaints } = await kiosk.visit({ models: house.daemon.url, hash: '#/models' });
    const entry = (name: string) => page.getByRole('article', { name });
    await entry('first').getByText('In use').waitFor();
    await entry('junk').getByText('Cannot be used').waitFor();
    await entry('junk').getByText('not a readable ONNX file').waitFor();

    await add(page, 'broken.onnx', Buffer.from('no network either'));
    await page.getByRole('list', { name: 'on their way' }).getByText('not a readable ONNX file').waitFor();
    await kiosk.shoot(page, 'models-arriving');
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'broken.onnx' }).last().click();
    await add(page, 'mine.onnx', Buffer.from(colours('mine')));
    await entry('mine').getByText('3 classes').waitFor();
    await entry('mine').getByRole('button', { name: 'Use this model' }).click();
    await entry('mine').getByText('In use').waitFor();
    expect(await house.inUse()).toEqual(['mine']);

    await entry('mine').getByRole('link', { name: 'Settings' }).click();
    const settings = page.getByRole('form', { name: 'Settings of mine' });
    await settings.getByRole('slider', { name: 'Least confidence' }).fill('0.6');
    await settings.getByRole('textbox', { name: 'Find a class' }).fill('GRE');
    await settings.getByRole('checkbox', { name: 'green' }).uncheck();
    await settings.getByRole('button', { name: 'Add a name' }).click();
    await settings.getByRole('textbox', { name: 'Is called' }).fill('lava');
    await settings.getByRole('button', { name: 'Save' }).click();
    await settings.getByText('Saved. It holds for').waitFor();
    const kept = { confidence: 0.6, iou: 0.7, classes: ['red', 'blue'], aliases: { red: 'lava' } };
    expect((await house.seen('mine')).settings).toEqual(kept);
    await settings.getByRole('button', { name: 'Use the defaults' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Use the defaults' }).click();
    await settings.getByText('Reported classes: 3 of 3').waitFor();
    expect((await house.seen('mine')).settings.classes).toBeNull();

    await page.getByRole('link', { name: 'Check on a picture' }).click();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Choose picture' }).click(),
    ]);
    await chooser.setFiles([{ name: 'red.png', mimeType: 'image/png', buffer: await plain(200, 10, 10) }]);
    await page.getByText(/in \d+ ms on CPU/).waitFor();
    const confidence = page.getByRole('slider', { name: 'Least confidence' });
    await confidence.fill('0.05');
    await page.getByRole('list', { name: 'Classes found' }).getByText('red').waitFor();
    await confidence.fill('1');
    await page.getByText('Nothing found above this confidence').waitFor();

    await page.getByRole('link', { name: 'All models' }).click();
    await entry('first').getByRole('button', { name: 'Use this model' }).click();
    await entry('first').getByText('In use').waitFor();
    await entry('mine').getByRole('button', { name: 'Remove mine' }).click();
    await page.getByRole('dialog').getByText('Remove mine?').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await entry('mine').waitFor({ state: 'detached' });
    expect((await house.list()).map(({ name }) => name)).toEqual(['first', 'junk', 'second']);
    // Chromium itself tells of every answer that is a refusal.
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
  });

  test('say beside a model why it could not be put into use', async () => {
    const house = new ModelHouse();
    house.put('models.yaml', 'models:\n  second:\n    classes: [gren]\n');
    await house.start();
    const { page } = await kiosk.visit({ models: house.daemon.url, hash: '#/models', device: panel });
    const entry = page.getByRole('article', { name: 'second' });
    await entry.getByRole('button', { name: 'Use this model' }).click();
    await entry.getByRole('alert').getByText('no class "gren". Near: "green".').waitFor();
    expect(await house.inUse()).toEqual(['first']);
    await kiosk.shoot(page, 'models-refused');
    await kiosk.expectAccessible(page);
  });

  for (const { name, ...device } of devices)
    test(`fit the ${name}, are legible and touchable, and keep to the CSP`, async () => {
      const { page, complaints } = await kiosk.visit({ prepare: stocked, hash: '#/models', device });
      await page.getByRole('article', { name: 'yard' }).waitFor();
      const fine = async (state: string) => {
        await kiosk.shoot(page, `models-${state}-${name}`);
        expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        await expectTouchable(page);
        await kiosk.expectAccessible(page);
      };
      await fine('list');
      await page.locator('summary').click();
      await page.getByText('Install TensorRT 10').waitFor();
      await kiosk.expectAccessible(page);
      await page.goto(`${page.url()}/yard/settings`);
      await page.getByRole('checkbox', { name: 'person' }).waitFor();
      await fine('settings');
      await page.goto(page.url().replace('settings', 'check'));
      await page.getByRole('img', { name: 'dock.mp4' }).click();
      await page.getByRole('list').getByText('truck').first().waitFor();
      await fine('check');
      expect(complaints).toEqual([]);
    });

  test('follow what is pushed, and are silent where the visitor gave no PIN', async () => {
    let asked = 0;
    const { page, server } = await kiosk.visit({
      hash: '#/models',
      prepare: (on) => {
        stocked(on);
        const list = on.routes['GET /v1/models'];
        on.routes['GET /v1/models'] = (request) => {
          asked += 1;
          return list?.(request) ?? { status: 500, body: {} };
        };
        const needsPin = {
          status: 403,
          body: { detail: 'This needs the PIN' },
          headers: { 'vedette-fault': 'pin-required' },
        };
        on.routes['PUT /v1/models/default'] = () => needsPin;
      },
    });
    const entry = page.getByRole('article', { name: 'night' });
    await entry.getByRole('button', { name: 'Use this model' }).click();
    await page.getByRole('dialog').getByText("Operator's PIN").waitFor();
    await page.keyboard.press('Escape');
    await entry.getByRole('button', { name: 'Use this model' }).waitFor();
    await expect.poll(() => entry.getByRole('button', { name: 'Use this model' }).isEnabled()).toBe(true);
    expect(await page.getByRole('alert').count()).toBe(0);

    server.routes['GET /v1/models'] = () => {
      asked += 1;
      return { status: 200, body: { models: [model('night', { in_use: true })], ladder } };
    };
    const before = asked;
    const { model: used } = systemView();
    if (used === null) throw new Error('the sample has a model');
    server.change({ model: { ...used, name: 'night' } });
    await entry.getByText('In use').waitFor();
    expect(asked).toBe(before + 1);
  });
});

const ladder: ModelList['ladder'] = {
  runtime: { version: '1.30.0', source: 'bundled', backends: ['cpu'] },
  refused: [
    {
      provider: 'tensorrt',
      reason: 'libnvinfer.so.10 is not there.',
      remedy: 'Install TensorRT 10 of the JetPack on this box.',
    },
    { provider: 'cuda', reason: 'No CUDA device answers.', remedy: 'Check the driver with nvidia-smi.' },
  ],
};

const classes = [
  'person',
  'bicycle',
  'car',
  'motorcycle',
  'airplane',
  'bus',
  'train',
  'truck',
  'boat',
  'traffic light',
];

function model(name: string, changes: Partial<ModelView> = {}): ModelView {
  const input = 'images float32 [1, 3, 640, 640]';
  const layout = 'output0 float32 [1, 84, 8400], YOLOv8 boxes and scores';
  const [sha256, provider] = ['ab'.repeat(32), 'cpu'] as const;
  const size = { inputWidth: 640, inputHeight: 640, stride: 32 };
  return {
    name,
    in_use: false,
    state: 'usable',
    reason: null,
    origin: 'upload',
    size_bytes: 12_900_000,
    card: { name, sha256, provider, input, layout, classes, ...size, threads: 4, task: 'detect' },
    settings: { confidence: 0.25, iou: 0.7, classes: null, aliases: {} },
    ...changes,
  };
}

/** Models in every state, and a job whose picture can be shown to them. */
function stocked(on: KioskServer): void {
  const reason = 'Its opset 22 is newer than this ONNX Runtime knows (21). Export it again with opset=21.';
  const models = [
    model('future', { state: 'unusable', card: null, reason }),
    model('night'),
    model('waiting', { state: 'checking', card: null, origin: 'folder' }),
    model('yard', { in_use: true, origin: 'folder' }),
  ];
  on.routes['GET /v1/models'] = () => ({ status: 200, body: { models, ladder } });
  const job = completedJob(1, { source_name: 'dock.mp4' });
  on.jobs = [{ ...job, poster_url: `/v1/jobs/${job.job_id}/poster` }];
  on.routes['GET /v1/jobs/*'] = async () => ({
    status: 200,
    body: await plain(70, 90, 80, [640, 360]),
    headers: { 'content-type': 'image/png' },
  });
  const seen = (name: string, box: readonly number[], confidence: number) => {
    return { box, class: name, class_id: classes.indexOf(name), confidence, track_id: null };
  };
  const objects = [seen('truck', [60, 80, 300, 260], 0.91), seen('person', [400, 150, 450, 300], 0.62)];
  on.routes['POST /v1/models/*'] = () => ({
    status: 200,
    body: { model: 'yard', provider: 'cpu', width: 640, height: 360, ms: 84.2, objects },
  });
}

/** Of one colour, 64 × 32 where no size is given. */
function plain(
  red: number,
  green: number,
  blue: number,
  [width, height]: readonly [number, number] = [64, 32],
): Promise<Buffer> {
  const pixels = Buffer.concat([red, green, blue].map((level) => Buffer.alloc(width * height, level)));
  return encodePng({ width, height, stride: width, pixels });
}

async function add(page: Page, name: string, buffer: Buffer): Promise<void> {
  const button: Locator = page.getByRole('button', { name: 'Add a model' });
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button.click()]);
  await chooser.setFiles([{ name, mimeType: 'application/octet-stream', buffer }]);
}
