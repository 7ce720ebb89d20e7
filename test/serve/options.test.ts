// What a submit may ask beside the tool: by a form's query and by tus, checked before a byte of the video is read.
import { describe, expect, test } from 'vitest';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { tinyMp4, videoForm } from './form.ts';
import { openHouse, read } from './house.ts';

const submit = '/v1/video/submit?plugin_id=yolo-tracker&tool=video_player_detection';

async function openSubmit() {
  const house = await openHouse();
  const send = (query: string, key?: string) => {
    const form = videoForm();
    const headers = {
      ...(form.headers as Record<string, string>),
      ...(key !== undefined && { 'Idempotency-Key': key }),
    };
    return read(house.url + submit + query, { ...form, headers });
  };
  return { ...house, send };
}

describe('a submit', () => {
  test('that asks for nothing gets what the model has', async () => {
    const { send, desk } = await openSubmit();
    await send('');
    expect(desk.jobs[0]?.options).toEqual(noJobOptions);
  });

  test('takes a model, a confidence and classes to the job', async () => {
    const { send, desk, url } = await openSubmit();
    expect((await send('&model=pitch&confidence=0.4&classes=ball&classes=player&classes=ball')).status).toBe(200);
    const options = { ...noJobOptions, model: 'pitch', confidence: 0.4, classes: ['ball', 'player'] };
    expect(desk.jobs[0]?.options).toEqual(options);
    expect((await read(`${url}/v1/jobs/${desk.jobs[0]?.id ?? ''}`)).body).toMatchObject({ options });
  });

  test('may name classes of the model in use, commas and all', async () => {
    const { send, desk } = await openSubmit();
    await send(`&classes=${encodeURIComponent('drinking glass, small')}`);
    expect(desk.jobs[0]?.options).toEqual({ ...noJobOptions, classes: ['drinking glass, small'] });
  });

  test.each([
    'confidence=1.01',
    'confidence=-0.1',
    'confidence=high',
    'confidence=',
    'model=../etc',
    'model=',
    'classes=',
  ])('with %s is told which of them does not fit', async (query) => {
    const { send, desk } = await openSubmit();
    const { status, body } = await send(`&${query}`);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      detail: [{ loc: expect.arrayContaining(['query', query.split('=')[0]]) as unknown }],
    });
    expect(desk.jobs).toEqual([]);
  });

  test.each([
    ['model=demmo', 'There is no model "demmo". Near: "demo".', 'model-not-found'],
    ['model=other', 'There is no model "other".', 'model-not-found'],
    ['model=torn', 'The model "torn" cannot be used: it is no ONNX file', 'model-refused'],
    ['model=pitch&classes=bal', 'This model has no class "bal". Near: "ball".', 'model-refused'],
    ['classes=player', 'This model has no class "player". It has 3, such as', 'model-refused'],
  ])('with %s is told what is there instead', async (query, sentence, code) => {
    const { send, desk } = await openSubmit();
    const { status, body, headers } = await send(`&${query}`);
    expect([status, headers.get('vedette-fault')]).toEqual([400, code]);
    expect(body).toMatchObject({ detail: expect.stringContaining(sentence) as string });
    expect(desk.jobs).toEqual([]);
  });

  test('under a key that came with other options is a conflict, and the order of classes is none', async () => {
    const { send } = await openSubmit();
    expect((await send('&model=pitch&classes=ball&classes=player', 'k')).status).toBe(200);
    const again = await send('&model=pitch&classes=player&classes=ball', 'k');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    for (const other of ['', '&model=pitch', '&model=pitch&classes=ball&classes=player&confidence=0.3']) {
      expect((await send(other, 'k')).status, other).toBe(409);
    }
    expect((await send('', 'plain')).status).toBe(200);
    expect((await send('', 'plain')).headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('a resumable upload', () => {
  async function begin(metadata: Record<string, string>) {
    const house = await openHouse();
    const pairs = Object.entries({ plugin_id: 'yolo', tool: 'detect', filename: 'a.mp4', ...metadata });
    const encoded = pairs.map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`).join(',');
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(tinyMp4.length), 'Upload-Metadata': encoded };
    const created = await fetch(`${house.url}/v1/uploads`, { method: 'POST', headers });
    return { ...house, created };
  }

  test.each([
    ['["drinking glass, small","can"]', ['drinking glass, small', 'can']],
    ['bottle, can', ['bottle', 'can']],
  ])('takes classes as %s', async (classes, wanted) => {
    const { url, created, desk } = await begin({ confidence: '0.5', model: 'demo', classes });
    expect(created.status).toBe(201);
    const headers = {
      'Tus-Resumable': '1.0.0',
      'Upload-Offset': '0',
      'Content-Type': 'application/offset+octet-stream',
    };
    const location = created.headers.get('location') ?? '';
    expect((await fetch(url + location, { method: 'PATCH', headers, body: tinyMp4 })).status).toBe(204);
    expect(desk.jobs[0]?.options).toEqual({ ...noJobOptions, model: 'demo', confidence: 0.5, classes: wanted });
  });

  test.each([
    [{ confidence: '2' }, 422, 'confidence'],
    [{ classes: '["bottle"' }, 422, 'classes'],
    [{ classes: '[]' }, 422, 'classes'],
    [{ model: 'demmo' }, 400, 'Near: \\"demo\\"'],
    [{ model: 'torn' }, 400, 'cannot be used'],
    [{ classes: 'ball' }, 400, 'no class \\"ball\\"'],
  ])('with %o is refused before its first byte', async (metadata, status, text) => {
    const { created } = await begin(metadata);
    expect([created.status, await created.text()]).toEqual([status, expect.stringContaining(text)]);
  });
});

test('a job that waits is moved over HTTP, and what cannot be moved is told', async () => {
  const { url, desk } = await openHouse();
  const [one, two, three] = ['pending', 'pending', 'running'].map((status) =>
    desk.put({ status: status as 'pending' }),
  );
  const move = (id: string | undefined, body: unknown) =>
    read(`${url}/v1/jobs/${String(id)}/move`, { method: 'POST', body: JSON.stringify(body) });
  const before = two?.id.toUpperCase().replaceAll('-', '');
  const moved = await move(one?.id, { before });
  expect(moved).toMatchObject({ status: 200, body: { job_id: one?.id, status: 'pending', results: null } });
  expect((moved.body as { queue_rank: number }).queue_rank).toBeLessThan(two?.queueRank ?? 0);
  expect(await move(one?.id, { before: null })).toMatchObject({ status: 200 });
  expect(await move(three?.id, { before: null })).toMatchObject({ status: 409 });
  expect(await move('00000000-0000-4000-8000-000000000001', { before: null })).toMatchObject({ status: 404 });
  for (const body of [{}, { before: 'x' }, { before: 7 }, { before: null, after: null }]) {
    expect((await move(one?.id, body)).status).toBe(422);
  }
});
