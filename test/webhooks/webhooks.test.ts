// Webhooks against a real HTTP server and a real database file: signed, tried again, given up, taken up by the next daemon.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Job } from '../../appliance/contract/job.ts';
import { WebhookBody } from '../../appliance/contract/webhook-api.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { WebhookStore } from '../../appliance/daemon/record/webhook-store.ts';
import type { Webhook } from '../../appliance/daemon/webhooks/lane.ts';
import { Webhooks } from '../../appliance/daemon/webhooks/webhooks.ts';
import { webhookRoutes } from '../../appliance/daemon/serve/webhook-routes.ts';
import { SettingsSchema } from '../../appliance/daemon/settings/schema.ts';
import { openLog } from '../../appliance/log.ts';
import { openWeb } from '../serve/house.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with the statuses in turn, the last one for good. */
class Receiver {
  readonly heard: Heard[] = [];
  readonly #server: Server;
  statuses: number[] = [204];

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        this.heard.push({ headers: request.headers, body });
        const status = (this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0]) ?? 500;
        response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const secret = 'a secret of some length';
const log = openLog('silent', 'test');
let receiver: Receiver;
let url: string;
let file: string;
const closing: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  receiver = new Receiver();
  url = await receiver.listen();
  file = join(tempData(), 'vedette.db');
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  receiver.close();
});

function open(
  options: { hooks?: readonly Webhook[]; waits?: readonly number[]; most?: { waiting: number; dead: number } } = {},
) {
  const database = openDatabase(file, migrations);
  const stream = new EventStream({ log });
  let changed: () => void = () => undefined;
  const hook: Webhook = { name: 'board', url, secret, events: ['job.completed', 'job.failed'] };
  const webhooks = new Webhooks({
    hooks: options.hooks ?? [hook],
    store: new WebhookStore(database, options.most),
    ...{ stream, node: 'box', waits: options.waits ?? [1, 1], onChange: () => changed(), log },
  });
  webhooks.open();
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await webhooks.close();
    database.close();
  };
  closing.push(close);
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      changed = () => {
        if (fits()) resolve();
      };
      changed();
    });
  const jobs = new JobStore(database, (job) => webhooks.record(job));
  /** `told`: false where the daemon dies between the job's end and the telling of it. */
  const end = (change: Partial<Job> = {}, told = true) => {
    const job = makeJob({ status: 'completed', progress: 100, completedAt: Date.now(), ...change });
    jobs.insert({ ...job, status: 'running' });
    jobs.save(job);
    jobs.save(job);
    if (told) stream.emit({ kind: 'job-changed', job });
    return job;
  };
  return { webhooks, end, until, close, stream };
}

const quiet = (webhooks: Webhooks) => () => webhooks.list.every(({ waiting }) => waiting === 0);

test('the end of a job is told once, signed by Standard Webhooks, with the job whole', async () => {
  const { webhooks, end, until, stream } = open();
  stream.emit({ kind: 'job-changed', job: makeJob({ status: 'running' }) });
  const job = end({ sourceUrl: 'https://user:secret@videos.lan/a.mp4?signature=abc' });
  end({ status: 'cancelled' });
  await until(() => quiet(webhooks)() && receiver.heard.length === 1);
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.heard;
  const told = WebhookBody.parse(JSON.parse(body));
  expect(told).toMatchObject({ type: 'job.completed', node: 'box', data: { job_id: job.id, progress: 100 } });
  expect(told.data.source_url).toBe('https://videos.lan/a.mp4');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  expect(headers['content-type']).toBe('application/json');
});

test('a secret of that specification is read as base64', async () => {
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  const hook: Webhook = { name: 'board', url, secret: `whsec_${key.toString('base64')}`, events: ['job.completed'] };
  const { webhooks, end, until } = open({ hooks: [hook] });
  end();
  await until(quiet(webhooks));
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.heard;
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
});

test('what is refused is sent again as the same message, and redirects are refusals', async () => {
  receiver.statuses = [500, 302, 200];
  const { webhooks, end, until } = open();
  end({ status: 'failed', error: { code: 'source-empty', message: 'The file is empty' } });
  await until(quiet(webhooks));
  expect(receiver.heard).toHaveLength(3);
  expect(new Set(receiver.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(receiver.heard.map(({ body }) => body)).size).toBe(1);
  expect(webhooks.list).toMatchObject([{ waiting: 0, dead: 0, last_error: null }]);
  expect(webhooks.complaint).toBeNull();
});

test('what is refused for good is given up, complained of, and sent again or forgotten by hand', async () => {
  receiver.statuses = [503];
  const { webhooks, end, until } = open();
  const job = end();
  end();
  await until(() => webhooks.list[0]?.dead === 2);
  expect(receiver.heard).toHaveLength(6);
  expect(webhooks.complaint).toContain('"board" (2)');
  const [, first] = webhooks.dead({ limit: 10, skip: 0 });
  expect(first).toMatchObject({ webhook: 'board', job_id: job.id, attempts: 3, last_error: 'It answered 503.' });
  receiver.statuses = [200];
  webhooks.retry(first?.id ?? '');
  await until(() => webhooks.list[0]?.dead === 1 && quiet(webhooks)());
  expect(JSON.parse(receiver.heard.at(-1)?.body ?? '')).toMatchObject({ data: { job_id: job.id } });
  webhooks.forget(webhooks.dead({ limit: 1, skip: 0 })[0]?.id ?? '');
  expect(webhooks.complaint).toBeNull();
  expect(() => webhooks.retry('msg_unknown')).toThrow(expect.objectContaining({ code: 'webhook-message-not-found' }));
});

test('410 Gone ends it at once', async () => {
  receiver.statuses = [410];
  const { webhooks, end, until } = open({ waits: [60_000] });
  end();
  await until(() => webhooks.list[0]?.dead === 1);
  expect(receiver.heard).toHaveLength(1);
});

test('what an earlier daemon could not deliver, the next one does', async () => {
  const away: Webhook = { name: 'board', url: 'http://127.0.0.1:4/', secret, events: ['job.completed'] };
  const first = open({ hooks: [away], waits: [60_000] });
  const job = first.end();
  await first.until(() => first.webhooks.list[0]?.last_error !== null);
  expect(first.webhooks.list).toMatchObject([{ waiting: 1, last_error: 'It cannot be reached (ECONNREFUSED).' }]);
  await first.close();
  const database = openDatabase(file, migrations);
  const store = new WebhookStore(database);
  const [waiting] = [store.next('board')];
  store.revive(waiting?.id ?? '', 0);
  database.close();
  const second = open();
  await second.until(quiet(second.webhooks));
  expect(JSON.parse(receiver.heard[0]?.body ?? '')).toMatchObject({ data: { job_id: job.id } });
});

test('a receiver that is away does not hold up another, and the oldest are forgotten beyond the bound', async () => {
  const away: Webhook = { name: 'away', url: 'http://127.0.0.1:4/', secret, events: ['job.completed'] };
  const here: Webhook = { name: 'here', url, secret, events: ['job.completed'] };
  const { webhooks, end, until } = open({ hooks: [away, here], waits: [60_000], most: { waiting: 2, dead: 2 } });
  for (let count = 0; count < 5; count++) end();
  await until(() => webhooks.list[1]?.waiting === 0);
  expect(webhooks.list[0]?.waiting).toBe(2);
  expect(receiver.heard.length).toBeGreaterThan(0);
});

test('an end that was recorded and not told before a crash is told by the next daemon', async () => {
  const first = open();
  const job = first.end({}, false);
  await first.close();
  const second = open();
  await second.until(quiet(second.webhooks));
  expect(receiver.heard.map(({ body }) => JSON.parse(body) as object)).toMatchObject([{ data: { job_id: job.id } }]);
});

test('a URL whose login cannot be read is refused with the settings', () => {
  const hooks = SettingsSchema.shape.webhooks;
  const hook = { name: 'board', url: 'http://bob:100%sure@board.lan/', secret };
  expect(hooks.safeParse([hook]).error?.issues).toMatchObject([
    { path: [0, 'url'], message: expect.stringContaining('%25') as string },
  ]);
  expect(hooks.safeParse([{ ...hook, url: 'http://bob:100%25sure@board.lan/' }]).success).toBe(true);
});

test('what cannot be sent at all is given up like any other, and holds up nothing', async () => {
  const hook: Webhook = { name: 'board', url: 'http://bob:100%sure@127.0.0.1/', secret, events: ['job.completed'] };
  const { webhooks, end, until } = open({ hooks: [hook], waits: [1] });
  end();
  await until(() => webhooks.list[0]?.dead === 1);
  expect(webhooks.list[0]?.last_error).toContain('cannot be reached');
});

test('messages of a webhook that the settings have no more are given up, not kept for ever', async () => {
  const first = open({
    waits: [60_000],
    hooks: [{ name: 'old', url: 'http://127.0.0.1:4/', secret, events: ['job.completed'] }],
  });
  first.end();
  await first.until(() => first.webhooks.list[0]?.last_error !== null);
  await first.close();
  const { webhooks } = open();
  const reason = 'The settings have no webhook of this name any more.';
  const [dead] = webhooks.dead({ limit: 10, skip: 0 });
  expect(dead).toMatchObject({ webhook: 'old', last_error: reason });
  expect(() => webhooks.retry(dead?.id ?? '')).toThrow('no webhook "old"');
  expect(webhooks.dead({ limit: 10, skip: 0 })).toHaveLength(1);
});

test('REST shows webhooks without secrets, and sends again or forgets what was given up', async () => {
  receiver.statuses = [500];
  const hook: Webhook = {
    name: 'board',
    url: url.replace('//', '//user:pass@') + '?token=t',
    secret,
    events: ['job.completed'],
  };
  const { webhooks, end, until } = open({ hooks: [hook], waits: [] });
  const { url: api } = await openWeb(webhookRoutes(webhooks));
  end();
  end();
  await until(() => webhooks.list[0]?.dead === 2);
  expect(receiver.heard[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
  const shown = await (await fetch(`${api}/v1/webhooks`)).text();
  expect(JSON.parse(shown)).toMatchObject({
    webhooks: [{ name: 'board', url: new URL(url).origin, waiting: 0, dead: 2 }],
  });
  for (const hidden of [secret, 'pass', 'token']) expect(shown).not.toContain(hidden);
  const page = async () => {
    const { messages } = (await (await fetch(`${api}/v1/webhooks/dead?limit=1`)).json()) as {
      messages: { id: string }[];
    };
    return messages.map(({ id }) => id);
  };
  const [newest = ''] = await page();
  receiver.statuses = [200];
  expect((await fetch(`${api}/v1/webhooks/dead/${newest}/retry`, { method: 'POST' })).status).toBe(202);
  await until(() => webhooks.list[0]?.dead === 1 && quiet(webhooks)());
  const [left = ''] = await page();
  expect(left).not.toBe(newest);
  expect((await fetch(`${api}/v1/webhooks/dead/${left}`, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(`${api}/v1/webhooks/dead/${left}`, { method: 'DELETE' })).status).toBe(404);
  expect(await page()).toEqual([]);
});
