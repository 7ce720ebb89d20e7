// The frame of every screen: the way between them, the page that opens without the appliance, and all words in all languages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { faultCodes } from '../../appliance/contract/fault.ts';
import { healthWords } from '../../appliance/daemon/health-words.ts';
import { Language, locales, type Values } from '../../ui/src/words/language.svelte.ts';
import { loadMessages } from '../../ui/src/words/load-messages.ts';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { KioskBrowser, live } from './kiosk-browser.ts';
import { memoryStore } from './memory-store.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/shell: no chromium or google-chrome in PATH\n');
const folder = join(import.meta.dirname, '../../ui/src/messages');
const areas = readdirSync(folder);

function messagesOf(area: string, locale: string): Record<string, string> {
  return JSON.parse(readFileSync(join(folder, area, `${locale}.json`), 'utf8')) as Record<string, string>;
}

/** The names of what it puts in, whichever of its forms is taken. */
function placeholders(message: (values: Values) => string): string[] {
  const names = new Set<string>();
  for (const count of [0, 1, 2, 3, 11, 100]) {
    message(new Proxy<Values>({}, { get: (_, name) => (names.add(String(name)), count) }));
  }
  return [...names].sort();
}

describe('the words of the screen', () => {
  for (const locale of locales.filter((one) => one !== 'en'))
    test(`say in ${locale} all that they say in English, with the same figures in it`, async () => {
      const [en, spoken] = [await loadMessages('en'), await loadMessages(locale)];
      for (const area of areas) {
        const [english, other] = [messagesOf(area, 'en'), messagesOf(area, locale)];
        expect(Object.keys(other).sort(), area).toEqual(Object.keys(english).sort());
        for (const key of Object.keys(english)) {
          const id = `${area}.${key}`;
          expect(other[key], id).not.toBe('');
          expect(placeholders(spoken[id] ?? String), id).toEqual(placeholders(en[id] ?? String));
        }
      }
    });

  test('have a sentence for every fault of the appliance', async () => {
    const spoken = await loadMessages('en');
    expect(faultCodes.filter((code) => spoken[`faults.${code}`] === undefined)).toEqual([]);
  });

  test('have a sentence for all that the appliance says of its parts', async () => {
    const spoken = await loadMessages('en');
    for (const [code, { sentence, remedy }] of Object.entries(healthWords)) {
      expect(messagesOf('system', 'en')[`health-${code}`]).toBe(sentence);
      expect(messagesOf('system', 'en')[`remedy-${code}`] ?? null).toBe(remedy);
      expect(spoken[`system.health-${code}`]).toBeDefined();
    }
  });

  test('follow the rules of plurals of each language', async () => {
    const said = async (locale: string) => {
      const language = await Language.open({ store: memoryStore(), preferred: [locale], load: loadMessages });
      return [1, 2, 5, 21].map((count) => language.t('shell.attention', { count }));
    };
    expect(new Set(await said('zh')).size).toBe(4); // one form, four figures
    expect(await said('en')).toEqual([
      'One thing needs attention',
      '2 things need attention',
      '5 things need attention',
      '21 things need attention',
    ]);
    const [one, two, few] = await said('ar');
    expect(new Set([one, two, few]).size).toBe(3);
  });

  test('are those that the device prefers, until others are chosen on it', async () => {
    const store = memoryStore();
    const options = { store, preferred: ['fr-FR', 'de-AT', 'en'], load: loadMessages };
    const language = await Language.open(options);
    expect([language.locale, language.dir]).toEqual(['de', 'ltr']);
    await language.choose('ar');
    expect((await Language.open(options)).dir).toBe('rtl');
  });
});

describe.skipIf(chromium === null)('the frame of the screens', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  test('leads to every screen by finger, by address and by the way back, with one heading each', async () => {
    const { page, complaints } = await kiosk.visit({ prepare: busy, device: sizes.phone });
    await live(page).waitFor();
    for (const name of ['Add', 'History', 'Models', 'System', 'Settings', 'Board']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.locator('nav a[aria-current=page]').filter({ hasText: name }).waitFor();
      await expect.poll(() => page.getByRole('heading', { level: 1 }).count()).toBe(1);
    }
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('leads a keyboard past the rail to the screen', async () => {
    const { page } = await kiosk.visit({ prepare: busy });
    await live(page).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to the screen' }).press('Enter');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('main');
  });

  test('opens where the appliance is away, says so, and goes on when it is back', async () => {
    const { page } = await kiosk.visit({ prepare: busy });
    await live(page).waitFor();
    await page.evaluate('navigator.serviceWorker.ready');
    await page.reload(); // now its files come through the worker, which keeps them
    await live(page).waitFor();
    await page.context().setOffline(true);
    await page.reload();
    await page.getByRole('list', { name: 'Notices' }).getByText('The appliance does not answer').waitFor();
    await kiosk.shoot(page, 'away');
    await page.context().setOffline(false);
    await live(page).waitFor();
  });
});
