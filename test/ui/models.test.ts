// The sheet of models in a real browser, with a real appliance behind it: look, add, choose, set, remove.
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { colours, ModelHouse } from '../models/model-house.ts';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/models: no chromium or google-chrome in PATH\n');

const panel = { viewport: { width: 800, height: 480 }, hasTouch: true };

describe.skipIf(chromium === null)('the sheet of models', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('takes a model in, puts it into use, sets it and removes another', { timeout: 120_000 }, async () => {
    const house = new ModelHouse();
    house.put('junk', 'this is no network');
    await house.start();
    const { page, complaints } = await kiosk.visit({ models: house.daemon.url, prepare: busy });
    await page.getByRole('button', { name: 'Models' }).click();
    const sheet = page.getByRole('dialog', { name: 'Models' });
    const entry = (name: string) => sheet.getByRole('article', { name });
    await entry('first').getByText('In use').waitFor();
    await entry('junk').getByText('Cannot be used').waitFor();
    await entry('junk').getByText('not a readable ONNX file').waitFor();

    await add(page, sheet, 'broken.onnx', Buffer.from('no network either'));
    await sheet.getByRole('alert').getByText('not a readable ONNX file').waitFor();
    await sheet.getByRole('button', { name: 'Dismiss broken.onnx' }).click();
    await add(page, sheet, 'mine.onnx', Buffer.from(colours('mine')));
    await entry('mine').getByText('3 classes').waitFor();
    await kiosk.shoot(page, 'models');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);

    await entry('mine').getByRole('button', { name: 'Use this model' }).click();
    await entry('mine').getByText('In use').waitFor();
    expect(await house.inUse()).toEqual(['mine']);

    await entry('mine').getByRole('button', { name: 'Settings' }).click();
    const settings = sheet.getByRole('form', { name: 'Settings of mine' });
    await settings.getByRole('slider', { name: 'Least confidence' }).fill('0.6');
    await settings.getByRole('checkbox', { name: 'green' }).uncheck();
    await kiosk.shoot(page, 'models-settings');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
    await settings.getByRole('button', { name: 'Save' }).click();
    await settings.getByText('Saved. It holds for').waitFor();
    expect((await house.seen('mine')).settings).toEqual({
      confidence: 0.6,
      iou: 0.7,
      classes: ['red', 'blue'],
      aliases: {},
    });

    await entry('first').getByRole('button', { name: 'Use this model' }).click();
    await entry('first').getByText('In use').waitFor();
    await entry('mine').getByRole('button', { name: 'Remove mine' }).click();
    await page.getByRole('dialog').getByText('Remove mine?').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await entry('mine').waitFor({ state: 'detached' });
    expect((await house.list()).map(({ name }) => name)).toEqual(['first', 'junk', 'second']);

    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'hidden' });
    // Chromium itself tells of every answer that is a refusal.
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
  });

  test('says beside a model why it could not be put into use', { timeout: 60_000 }, async () => {
    const house = new ModelHouse();
    house.put('models.yaml', 'models:\n  second:\n    classes: [gren]\n');
    await house.start();
    const { page } = await kiosk.visit({ models: house.daemon.url, device: { ...panel, colorScheme: 'light' } });
    await page.getByRole('button', { name: 'Models' }).click();
    const entry = page.getByRole('article', { name: 'second' });
    await entry.getByRole('button', { name: 'Use this model' }).click();
    await entry.getByRole('alert').getByText('no class "gren". Near: "green".').waitFor();
    expect(await house.inUse()).toEqual(['first']);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await kiosk.shoot(page, 'models-panel');
    await expectTouchable(page);
    await kiosk.expectAccessible(page);
  });
});

async function add(page: Page, sheet: Locator, name: string, buffer: Buffer): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    sheet.getByRole('button', { name: 'Add a model' }).click(),
  ]);
  await chooser.setFiles([{ name, mimeType: 'application/octet-stream', buffer }]);
}
