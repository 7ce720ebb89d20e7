// The operator's PIN: asked of pages for what is the operator's, never of programs, and not to be found by trying.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Operator } from '../../appliance/daemon/operator/operator.ts';
import { json } from '../../appliance/daemon/serve/answer.ts';
import { operatorRoutes } from '../../appliance/daemon/serve/operator-routes.ts';
import { route } from '../../appliance/daemon/serve/route.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { log, openHouse, read } from './house.ts';

const restart = route({
  method: 'POST',
  path: '/v1/restart',
  summary: "One of the operator's functions",
  operator: true,
  answers: { 200: { description: 'Done' } },
  handle: () => json({ done: true }),
});

async function openOperator(data = tempData()) {
  const clock = { ms: 0 };
  const operator = await Operator.open({ data, now: () => clock.ms, log });
  const routes = [...operatorRoutes({ operator }), restart];
  const house = await openHouse({ web: { operator }, routes });
  const fromPage = { Origin: house.url };
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(house.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, retryAfter: answer.headers.get('retry-after') };
  };
  const set = (pin: string | null, current?: string) =>
    send('PUT', '/v1/operator/pin', { pin, ...(current === undefined ? {} : { current }) });
  const unlock = (pin: string) => send('POST', '/v1/operator/unlock', { pin }, fromPage);
  const order = (headers: Record<string, string> = fromPage) => send('POST', '/v1/restart', undefined, headers);
  return { ...house, data, clock, operator, fromPage, send, set, unlock, order };
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => new Map(Object.entries(inner ?? {})).get(name), tree);
}

test('without a PIN everything is as before', async () => {
  const { order, unlock, operator } = await openOperator();
  expect(operator.locked).toBe(false);
  expect((await order()).status).toBe(200);
  expect((await unlock('0000')).status).toBe(204);
});

test('with one, a page needs it for what is the operator’s, and a program does not', async () => {
  const { order, set, unlock, fromPage, send } = await openOperator();
  expect((await set('2468')).status).toBe(204);
  const refused = await order();
  expect(refused.status).toBe(403);
  expect(refused.text).toContain("This needs the operator's PIN");
  expect((await order({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(403);
  expect((await order({ ...fromPage, 'X-Operator-Pin': '1357' })).status).toBe(403);
  expect((await order({ ...fromPage, 'X-Operator-Pin': '2468' })).status).toBe(200);
  expect((await order({})).status).toBe(200);
  expect((await unlock('1357')).status).toBe(403);
  expect((await unlock('2468')).status).toBe(204);
  expect((await send('GET', '/v1/jobs', undefined, fromPage)).status).toBe(200);
});

test('it is 4 to 8 digits, and who changes or removes it shows the one that is set', async () => {
  const { set, order, operator, send, fromPage } = await openOperator();
  for (const pin of ['123', '123456789', 'abcd', 1234]) {
    expect((await send('PUT', '/v1/operator/pin', { pin })).status).toBe(422);
  }
  await set('2468');
  expect((await set('1111')).status).toBe(403);
  expect((await set('1111', '9999')).status).toBe(403);
  expect((await set('1111', '2468')).status).toBe(204);
  expect((await order({ ...fromPage, 'X-Operator-Pin': '2468' })).status).toBe(403);
  // The header says it too, as a page sends it with everything.
  const unlocked = { ...fromPage, 'X-Operator-Pin': '1111' };
  expect((await send('PUT', '/v1/operator/pin', { pin: null }, unlocked)).status).toBe(204);
  expect(operator.locked).toBe(false);
  expect((await order()).status).toBe(200);
});

test('it is kept as a hash that only the daemon reads, and holds after a restart', async () => {
  const { set, data } = await openOperator();
  await set('24681357');
  const file = join(data, 'pin.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('24681357');
  const { order, fromPage } = await openOperator(data);
  expect((await order()).status).toBe(403);
  expect((await order({ ...fromPage, 'X-Operator-Pin': '24681357' })).status).toBe(200);
});

test('after five wrong ones it waits, longer each time, for the right one too and whoever asks', async () => {
  const { set, unlock, order, clock, fromPage } = await openOperator();
  await set('2468');
  // All at once: none of them is tried before those ahead of it have counted.
  const tries = await Promise.all(['1', '2', '3', '4', '5', '6', '7'].map((digit) => unlock(digit.repeat(4))));
  expect(tries.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 429, 429]);
  expect(tries.at(-1)?.retryAfter).toBe('30');
  expect((await unlock('2468')).status).toBe(429);
  const refused = await order({ ...fromPage, 'X-Operator-Pin': '2468' });
  expect([refused.status, refused.retryAfter]).toEqual([429, '30']);
  clock.ms += 10_000;
  expect((await unlock('2468')).retryAfter).toBe('20');
  clock.ms += 20_000;
  expect((await unlock('1111')).status).toBe(403);
  expect((await unlock('2468')).retryAfter).toBe('60');
  clock.ms += 60_000;
  expect((await unlock('2468')).status).toBe(204);
  for (const pin of ['1111', '2222', '3333', '4444']) expect((await unlock(pin)).status).toBe(403);
  expect((await unlock('2468')).status).toBe(204);
});

test('one that was right is not computed again for a while, and is forgotten with the next change', async () => {
  const { set, operator, clock } = await openOperator();
  await set('2468');
  const took = async (pin: string) => {
    const from = performance.now();
    await operator.unlock(pin);
    return performance.now() - from;
  };
  const [computed, known] = [await took('2468'), await took('2468')];
  expect(known).toBeLessThan(computed / 5);
  clock.ms += 301_000;
  expect(await took('2468')).toBeGreaterThan(known * 5);
  await set('1111', '2468');
  await expect(operator.unlock('2468')).rejects.toMatchObject({ code: 'pin-required' });
});

test('a file that cannot be read lets no page in, and is told of', async () => {
  const data = tempData();
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'pin.json'), '{"salt":');
  const { order, operator, fromPage } = await openOperator(data);
  expect(operator.complaint).toMatch(/removes pin\.json/);
  expect((await order({ ...fromPage, 'X-Operator-Pin': '2468' })).status).toBe(403);
  expect((await order({})).status).toBe(200);
});

test('anybody may cancel a job, and only the operator removes one that is done', async () => {
  const { set, send, desk, fromPage } = await openOperator();
  await set('2468');
  const [running, done] = [makeJob({ status: 'running' }), makeJob({ status: 'completed' })];
  desk.jobs.push(running, done);
  expect((await send('DELETE', `/v1/jobs/${running.id}`, undefined, fromPage)).status).toBe(200);
  expect((await send('DELETE', `/v1/jobs/${done.id}`, undefined, fromPage)).status).toBe(403);
  expect((await send('DELETE', `/v1/jobs/${done.id.replaceAll('-', '')}`, undefined, fromPage)).status).toBe(403);
  const unlocked = { ...fromPage, 'X-Operator-Pin': '2468' };
  expect((await send('DELETE', `/v1/jobs/${done.id}`, undefined, unlocked)).status).toBe(200);
});

test('OpenAPI says which functions take the PIN', async () => {
  const { url } = await openOperator();
  const { body } = await read(`${url}/openapi.json`);
  const takesPin = (path: string, method: string) =>
    JSON.stringify(valueAt(body, ['paths', path, method])).includes('X-Operator-Pin');
  expect(takesPin('/v1/restart', 'post')).toBe(true);
  expect(takesPin('/v1/jobs/{job_id}', 'delete')).toBe(true);
  expect(takesPin('/v1/jobs', 'get')).toBe(false);
});
