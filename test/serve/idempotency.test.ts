// Idempotency-Key: a submit that is sent again makes no second job.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tinyMp4, videoForm } from './form.ts';
import { openHouse, read } from './house.ts';

const submit = '/v1/video/submit?plugin_id=yolo-tracker&tool=video_player_detection';

async function openSubmit() {
  const house = await openHouse();
  const send = (key: string, content: Buffer = tinyMp4, query = submit, name = 'filename="clip.mp4"') =>
    read(house.url + query, { ...videoForm(content, name), headers: withKey(key) });
  const folders = () => [...readdirSync(house.uploadsDir), ...readdirSync(house.jobsDir)];
  return { ...house, send, folders };
}

function withKey(key: string): Record<string, string> {
  return { ...(videoForm().headers as Record<string, string>), 'Idempotency-Key': key };
}

test('the same key with the same content gives the same job, and leaves nothing of the second upload', async () => {
  const { send, desk, folders } = await openSubmit();
  const content = Buffer.concat([tinyMp4, randomBytes(2_000_000)]);
  const first = await send('order-17', content);
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  // Aliases name the same plugin and tool, and the name of a file is not its content.
  const aliased = '/v1/video/submit?plugin_id=yolo&tool=detect';
  for (const again of [await send('order-17', content), await send('order-17', content, aliased, 'filename="b.mp4"')]) {
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const { job_id, status, submitted_at } = first.body as Record<string, string>;
    expect(again.body).toMatchObject({ job_id, status, submitted_at });
  }
  expect(desk.jobs).toHaveLength(1);
  expect(folders()).toEqual([desk.jobs[0]?.id]);
});

test('the same key with other content is a conflict', async () => {
  const { send, desk, folders } = await openSubmit();
  await send('order-17');
  const other = await send('order-17', Buffer.concat([tinyMp4, Buffer.from('x')]));
  expect(other).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Idempotency-Key') as string } });
  expect(folders()).toEqual([desk.jobs[0]?.id]);
});

test('parallel submits with one key make one job, and without a key each makes its own', async () => {
  const { send, url, desk } = await openSubmit();
  const answers = await Promise.all(Array.from({ length: 5 }, () => send('one')));
  expect(new Set(answers.map(({ body }) => (body as { job_id: string }).job_id)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
  await Promise.all([read(url + submit, videoForm()), read(url + submit, videoForm())]);
  expect(desk.jobs).toHaveLength(3);
});

test('a job that is there is found again though the queue is full', async () => {
  const { send, desk } = await openSubmit();
  await send('order-17');
  desk.full = true;
  expect(await send('order-17')).toMatchObject({ status: 200 });
  expect(await send('order-18')).toMatchObject({ status: 429 });
});

test('a key that is too long, empty or not visible ASCII is refused with the reason', async () => {
  const { send } = await openSubmit();
  const refusal = (found: string) => ({
    status: 400,
    body: { detail: `Idempotency-Key must be 1 to 255 visible ASCII characters: it has ${found}` },
  });
  expect(await send('k'.repeat(255))).toMatchObject({ status: 200 });
  expect(await send('k'.repeat(256))).toMatchObject(refusal('256'));
  expect(await send('two words')).toMatchObject(refusal('others'));
  for (const key of ['', 'é']) expect(await send(key)).toMatchObject(refusal('none'));
});

test('OpenAPI names the header', async () => {
  const { url } = await openSubmit();
  const { body } = await read(`${url}/openapi.json`);
  expect(body).toMatchObject({
    paths: {
      '/v1/video/submit': {
        post: {
          parameters: expect.arrayContaining([
            expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: false }),
          ]) as unknown[],
        },
      },
    },
  });
});
