// The system and settings screens in a real browser: sentences, charts, the log as it grows, and what an operator orders.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HealthPart, LogLine, Vitals } from '../../appliance/contract/system-api.ts';
import type { SettingView } from '../../appliance/contract/settings-api.ts';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';
import { sizes } from './sizes.ts';

const chromium = findChromium();
if (chromium === null) process.stderr.write('SKIPPED test/ui/system: no chromium or google-chrome in PATH\n');

const now = Date.now();

function part(name: HealthPart['part'], state: HealthPart['state'], code: string, sentence: string): HealthPart {
  const remedy = state === 'ok' ? null : 'Start the broker, or correct its address.';
  return { part: name, state, code, sentence, remedy, values: { broker: 'mqtt://10.0.0.9', free_bytes: 81e9 } };
}

function vitals(index: number): Vitals {
  const wave = Math.sin(index / 9);
  return {
    ts: now - (360 - index) * 10_000,
    cpu: 0.45 + 0.3 * wave,
    memory_used_bytes: 2.1e9 + 4e8 * wave,
    memory_total_bytes: 8e9,
    temperature_c: 54 + 9 * wave,
    gpu: null,
    disk_free_bytes: 81e9 - index * 1e7,
    fps: Math.max(0, 28 * wave),
    loop_delay_ms: 1.2,
    clients: 3,
  };
}

function line(n: number, level: LogLine['level'], message: string): LogLine {
  return { n, ts: now - 60_000 + n * 1000, level, message, details: 'jobId=7e0c status=running' };
}

function setting(key: string, changes: Partial<SettingView> = {}): SettingView {
  const numbers = { kind: 'integer', optional: true, min: 0, max: null } as const;
  return { key, value: null, default: null, source: 'default', effect: 'live', pending: false, ...numbers, ...changes };
}

function prepare(server: KioskServer): void {
  busy(server);
  const health = [
    part('worker', 'ok', 'worker-ready', 'Videos can be analysed; the next one starts at once.'),
    part('disk', 'ok', 'disk-ok', 'There is room for more videos.'),
    part('mqtt', 'warning', 'mqtt-away', 'The MQTT broker cannot be used.'),
    part('network', 'off', 'a-code-of-a-later-release', 'Something that this screen has no words for.'),
  ];
  const logged = [line(1, 'info', 'ready for jobs'), line(2, 'warn', 'MQTT broker went away')];
  const samples = Array.from({ length: 360 }, (_, index) => vitals(index));
  const backups = [{ name: 'vedette-2026.sqlite', bytes: 9e6, made_at: new Date(now).toISOString() }];
  const addresses = { urls: ['http://192.168.1.20:8000/'], locked: true };
  Object.assign(server.routes, {
    'GET /v1/system/health': () => ({ status: 200, body: { parts: health } }),
    'GET /v1/system/vitals': () => ({ status: 200, body: { every_s: 10, samples } }),
    'GET /v1/system/log': () => ({ status: 200, body: { lines: logged } }),
    'GET /v1/system/backups': () => ({ status: 200, body: { backups } }),
    'GET /v1/system/addresses': () => ({ status: 200, body: addresses }),
    'GET /v1/licences': () => ({ status: 200, body: Buffer.from('Apache License, Version 2.0') }),
  });
}

describe.skipIf(chromium === null)('the system and settings screens', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  const looks = { panel: ['en', 'ar'], desk: ['en'], wall: ['ar'], phone: ['ar'] } as const;
  for (const [name, size] of Object.entries(sizes))
    for (const locale of looks[name as keyof typeof looks])
      test(`fit the ${name} in ${locale}, are legible and touchable, and keep to their CSP`, async () => {
        const { page, complaints } = await kiosk.visit({ prepare, hash: '#/system', device: { ...size, locale } });
        await page.getByRole('heading', { level: 3 }).first().waitFor();
        for (const screen of ['system', 'settings']) {
          await page.goto(`${new URL(page.url()).origin}/#/${screen}`);
          await page.getByRole('heading', { level: 2 }).nth(1).waitFor();
          await kiosk.shoot(page, `${screen}-${name}-${locale}`);
          await kiosk.shoot(page, `${screen}-${name}-${locale}-full`, true);
          expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
          await expectTouchable(page);
          await kiosk.expectAccessible(page);
        }
        expect(await page.evaluate<string>('document.documentElement.dir')).toBe(locale === 'ar' ? 'rtl' : 'ltr');
        expect(complaints).toEqual([]);
      });

  test('say what is wrong and what helps, and show the log as it is written', async () => {
    const { page, server } = await kiosk.visit({ prepare, hash: '#/system' });
    const health = page.getByRole('region', { name: 'How it fares' });
    await health.getByText('The MQTT broker mqtt://10.0.0.9 cannot be used').waitFor();
    await health.getByText('81 GB are free').waitFor();
    // What a newer daemon says is shown in its own words.
    await health.getByText('Something that this screen has no words for.').waitFor();
    await page.getByText('ready for jobs').waitFor();
    await expect.poll(() => server.looks.at(-1)).toMatchObject({ log: true });
    server.push('log', { lines: [line(3, 'error', 'the disk is on fire')] });
    await page.getByText('the disk is on fire').waitFor();
    await page.getByRole('button', { name: 'Warnings' }).click();
    await page.getByText('ready for jobs').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Board' }).click();
    await expect.poll(() => server.looks.at(-1)).toMatchObject({ log: false });
  });

  test('order a backup and a restart, the latter once it was confirmed and the PIN given', async () => {
    const asked: (string | undefined)[] = [];
    const { page } = await kiosk.visit({
      hash: '#/system',
      prepare: (server) => {
        prepare(server);
        server.routes['POST /v1/system/backup'] = () => ({
          status: 200,
          body: { name: 'now.sqlite', bytes: 12e6, made_at: new Date(now).toISOString() },
        });
        server.routes['POST /v1/system/restart'] = ({ headers }) => {
          const pin = headers['x-operator-pin'];
          asked.push(typeof pin === 'string' ? pin : undefined);
          if (pin === '2468') return { status: 202, body: { restarting: true } };
          return { status: 403, body: { detail: 'PIN' }, headers: { 'Vedette-Fault': 'pin-required' } };
        };
      },
    });
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByText('Backup made: now.sqlite, 12 MB.').waitFor();
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
    const pin = page.getByRole('dialog', { name: "Operator's PIN" });
    await pin.getByLabel('PIN', { exact: true }).fill('1111');
    await kiosk.expectAccessible(page);
    await kiosk.shoot(page, 'pin');
    await pin.getByRole('button', { name: 'OK' }).click();
    await pin.getByText('That was not the PIN').waitFor();
    for (const digit of '2468') await pin.getByRole('button', { name: digit, exact: true }).click();
    await pin.getByRole('button', { name: 'OK' }).click();
    await page.getByText('Vedette restarts').waitFor();
    expect(asked).toEqual([undefined, '1111', '2468']);
  });

  test('show the licences, and the address as a QR code', async () => {
    const { page } = await kiosk.visit({ prepare, hash: '#/system', device: sizes.panel });
    await page.getByRole('img', { name: 'QR code of http://192.168.1.20:8000/' }).waitFor();
    await page.getByRole('button', { name: 'Licences' }).click();
    await page.getByText('Apache License').waitFor();
    await kiosk.expectAccessible(page);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Apache License').waitFor({ state: 'detached' });
  });

  test('set the language, the theme and the units of this screen, for good', async () => {
    const { page } = await kiosk.visit({ prepare, hash: '#/settings' });
    await page.getByRole('button', { name: 'High contrast' }).click();
    await page.getByRole('button', { name: '°F' }).click();
    await page.getByRole('button', { name: 'العربية' }).click();
    await page.locator('html[dir=rtl][lang=ar][data-theme=contrast]').waitFor();
    await kiosk.shoot(page, 'settings-contrast-ar');
    await kiosk.expectAccessible(page);
    await page.reload();
    await page.locator('html[dir=rtl][data-theme=contrast]').waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: '°F', pressed: true }).waitFor();
  });

  test('change a setting of the appliance, say what was refused, and that a restart is due', async () => {
    let kept: SettingView[] = [];
    const { page } = await kiosk.visit({
      hash: '#/settings',
      prepare: (server) => {
        prepare(server);
        kept = [
          setting('storage.jobs_days'),
          setting('serve.port', { value: 8000, optional: false, effect: 'restart' }),
        ];
        server.routes['GET /v1/settings'] = () => ({ status: 200, body: { settings: kept, pin: false } });
        server.routes['PATCH /v1/settings'] = ({ body }) => {
          const { set } = JSON.parse(body.toString()) as { set: Record<string, number> };
          const [key = '', value] = Object.entries(set)[0] ?? [];
          if (value === 99999) return { status: 400, body: { detail: 'serve.port: at most 65535' } };
          kept = kept.map((one) =>
            one.key === key
              ? { ...one, value: value ?? null, source: 'kiosk', pending: one.effect === 'restart' }
              : one,
          );
          return { status: 200, body: { settings: kept, pin: false } };
        };
      },
    });
    const row = (label: string) => page.getByRole('listitem').filter({ has: page.getByLabel(label) });
    await page.getByLabel('Days until finished jobs are deleted').fill('30');
    await page.getByRole('button', { name: 'Save' }).click();
    await row('Days until finished jobs are deleted').getByText('Saved.').waitFor();
    await page.getByLabel('Port').fill('99999');
    await page.getByRole('button', { name: 'Save' }).click();
    await row('Port').getByText('Serve.port: at most 65535.').waitFor();
    await page.getByLabel('Port').fill('8100');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Some changes hold only after a restart.').waitFor();
    await kiosk.shoot(page, 'settings-restart');
  });

  test('cover a screen that nobody touches, and uncover it by a touch that does nothing else', async () => {
    const { page } = await kiosk.visit({ prepare, hash: '#/settings' });
    await page.clock.install();
    await page.getByRole('button', { name: '2 min' }).click();
    await page.clock.fastForward(121_000);
    const cover = page.getByRole('button', { name: 'Wake the screen' });
    await cover.waitFor();
    await kiosk.shoot(page, 'saver');
    await cover.click();
    await cover.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '2 min', pressed: true }).waitFor();
  });
});
