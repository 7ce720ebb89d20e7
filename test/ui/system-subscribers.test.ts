// The system screen's webhooks and plugins in a real browser: how they fare, what is sent again, what is loaded anew.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PluginView } from '../../appliance/contract/plugin-api.ts';
import type { DeadMessage, WebhookView } from '../../appliance/contract/webhook-api.ts';
import { busy } from './busy-day.ts';
import { findChromium } from './find-chromium.ts';
import { completedJob, jobId } from './job-item.ts';
import { expectTouchable, KioskBrowser } from './kiosk-browser.ts';
import type { KioskServer } from './kiosk-server.ts';
import { sizes } from './sizes.ts';
import { pluginView } from './submit-server.ts';

const chromium = findChromium();
if (chromium === null)
  process.stderr.write('SKIPPED test/ui/system-subscribers: no chromium or google-chrome in PATH\n');

const now = Date.now();
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();

function webhook(name: string, changes: Partial<WebhookView> = {}): WebhookView {
  const told = { last_success_at: ago(3), last_error: null };
  return {
    name,
    url: `https://${name}.lan/vedette`,
    events: ['job.completed'],
    waiting: 0,
    dead: 0,
    ...told,
    ...changes,
  };
}

function message(number: number): DeadMessage {
  const type = number % 2 === 0 ? 'job.completed' : 'job.failed';
  const about = { id: `msg-${number}`, webhook: 'board', type, job_id: jobId(number) };
  return { ...about, created_at: ago(2000 + number), attempts: 8, last_error: 'connect ECONNREFUSED 10.0.0.7:443' };
}

interface Orders {
  readonly given: string[];
  /** How often each list was asked for. */
  readonly asked: Record<string, number>;
}

/** One webhook of each state, four messages that were given up, a plugin of each; the PIN is 2468. */
function prepare(server: KioskServer): Orders {
  busy(server);
  const orders: Orders = { given: [], asked: {} };
  let dead = [1, 2, 3, 4].map(message);
  let broken = true;
  const counted = (name: string, body: () => unknown) => () => {
    orders.asked[name] = (orders.asked[name] ?? 0) + 1;
    return { status: 200, body: body() };
  };
  const own: Partial<PluginView> = { state: 'busy', version: '1.0.0', success_count: 1204, error_count: 3 };
  const plugins = (): PluginView[] => [
    pluginView('yolo-tracker', { ...own, last_used: ago(1), avg_execution_time_ms: 8400 }),
    pluginView('sure-things', { success_count: 1 }),
    pluginView('wicked', broken ? { state: 'broken', version: '0.1.0', reason: "index.js: Unexpected token '}'" } : {}),
  ];
  const failing = { waiting: 2, last_error: 'answered 503 Service Unavailable' };
  const webhooks = (): WebhookView[] => [
    webhook('board', { dead: dead.length, last_success_at: ago(3000) }),
    webhook('archive', failing),
    webhook('chat'),
    webhook('unused', { last_success_at: null }),
  ];
  const guarded =
    (status: number, act: (id: string) => unknown): KioskServer['routes'][string] =>
    ({ headers, path }) => {
      if (headers['x-operator-pin'] !== '2468')
        return { status: 403, body: { detail: 'PIN' }, headers: { 'Vedette-Fault': 'pin-required' } };
      orders.given.push(path.replace('/v1/', ''));
      return { status, body: act(path) ?? Buffer.alloc(0) };
    };
  const gone = (path: string): void => {
    dead = dead.filter(({ id }) => !path.includes(id));
  };
  Object.assign(server.routes, {
    'GET /v1/webhooks': counted('webhooks', () => ({ webhooks: webhooks() })),
    'GET /v1/webhooks/dead': counted('dead', () => ({ messages: dead })),
    'GET /v1/plugins': counted('plugins', plugins),
    'POST /v1/webhooks/dead/*': guarded(202, gone),
    'DELETE /v1/webhooks/dead/*': guarded(204, gone),
    'POST /v1/plugins/*': guarded(200, () => {
      broken = false;
      return plugins()[2];
    }),
  } satisfies KioskServer['routes']);
  return orders;
}

describe.skipIf(chromium === null)('the system screen', () => {
  let kiosk: KioskBrowser;
  beforeAll(async () => {
    kiosk = await KioskBrowser.open(chromium ?? '');
  }, 120_000);
  afterAll(() => kiosk.close());
  afterEach(() => kiosk.leave());

  const looks = [
    ['panel', 'en', 'Webhooks', 'Plugins'],
    ['desk', 'de', 'Webhooks', 'Plugins'],
    ['phone', 'ar', 'خطافات الويب', 'الإضافات'],
  ] as const;
  for (const [name, locale, webhooks, plugins] of looks)
    test(`shows webhooks and plugins on the ${name} in ${locale}, legible and touchable`, async () => {
      const device = { ...sizes[name], locale };
      const { page, complaints } = await kiosk.visit({ prepare, hash: '#/system', device });
      for (const [index, region] of [webhooks, plugins].entries()) {
        await page.getByRole('region', { name: region }).locator('h3').nth(2).waitFor();
        await page.getByRole('region', { name: region }).evaluate('(panel) => panel.scrollIntoView()');
        await kiosk.shoot(page, `subscribers-${name}-${locale}-${index}`);
      }
      await kiosk.shoot(page, `subscribers-${name}-${locale}`, true);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await expectTouchable(page);
      await kiosk.expectAccessible(page);
      expect(complaints).toEqual([]);
    });

  test('sends messages again and forgets others, once the PIN is given, and asks again what there is', async () => {
    const made: { orders?: Orders } = {};
    const { page } = await kiosk.visit({
      prepare: (server) => (made.orders = prepare(server)),
      hash: '#/system',
      device: sizes.panel,
    });
    const panel = page.getByRole('region', { name: 'Webhooks' });
    await panel.getByText('answered 503 Service Unavailable').waitFor();
    await panel.getByRole('heading', { name: '4 messages given up' }).waitFor();
    await panel.getByRole('button', { name: 'Send again Job failed, board' }).first().click();
    const pin = page.getByRole('dialog', { name: "Operator's PIN" });
    await pin.getByLabel('PIN', { exact: true }).fill('2468');
    await pin.getByRole('button', { name: 'OK' }).click();
    await panel.getByRole('status').getByText('The message is on its way again.').waitFor();
    await panel.getByRole('heading', { name: '3 messages given up' }).waitFor();
    await panel.getByRole('button', { name: 'Forget: Job completed, board' }).first().click();
    await page.getByRole('dialog', { name: 'Forget this message?' }).getByRole('button', { name: 'Forget' }).click();
    await panel.getByRole('heading', { name: '2 messages given up' }).waitFor();
    await panel.getByRole('button', { name: 'Send all again' }).click();
    await panel.getByText('2 messages are on their way again.').waitFor();
    await panel.getByRole('heading', { name: 'given up' }).waitFor({ state: 'detached' });
    const retries = ['msg-1', 'msg-3', 'msg-4'].map((id) => `webhooks/dead/${id}/retry`);
    expect(made.orders?.given.sort()).toEqual(['webhooks/dead/msg-2', ...retries].sort());
  });

  test('loads a broken plugin anew, and asks again only when something happened', async () => {
    const made: { orders?: Orders } = {};
    const { page, server } = await kiosk.visit({
      prepare: (on) => (made.orders = prepare(on)),
      hash: '#/system',
      device: sizes.desk,
    });
    const panel = page.getByRole('region', { name: 'Plugins' });
    const row = panel.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'wicked' }) });
    await row.getByText("Unexpected token '}'").waitFor();
    expect(await panel.getByRole('button', { name: 'Reload' }).count(), 'not of the built-in one').toBe(2);
    await row.getByRole('button', { name: 'Reload wicked' }).click();
    const pin = page.getByRole('dialog', { name: "Operator's PIN" });
    await pin.getByLabel('PIN', { exact: true }).fill('2468');
    await pin.getByRole('button', { name: 'OK' }).click();
    await panel.getByRole('status').getByText('wicked is loaded anew').waitFor();
    await row.getByText('Ready').waitFor();
    expect(made.orders?.given).toEqual(['plugins/wicked/reload']);
    expect(made.orders?.asked).toEqual({ webhooks: 1, dead: 1, plugins: 1 });
    server.put(completedJob(400, { updated_at: new Date().toISOString() }));
    await expect.poll(() => made.orders?.asked).toEqual({ webhooks: 2, dead: 2, plugins: 2 });
    const details = 'webhook=board jobId=7e0c';
    server.push('log', { lines: [{ n: 90, ts: Date.now(), level: 'warn', message: 'webhook not told', details }] });
    await expect.poll(() => made.orders?.asked).toEqual({ webhooks: 3, dead: 3, plugins: 3 });
    server.push('log', { lines: [{ n: 91, ts: Date.now(), level: 'info', message: 'ready for jobs', details: '' }] });
    await page.getByText('ready for jobs').waitFor();
    expect(made.orders?.asked['webhooks']).toBe(3);
  });

  test('has no panel of webhooks where there are none', async () => {
    const { page } = await kiosk.visit({ prepare: busy, hash: '#/system', device: sizes.panel });
    await page.getByRole('region', { name: 'Plugins' }).waitFor();
    expect(await page.getByRole('region', { name: 'Webhooks' }).count()).toBe(0);
  });
});
