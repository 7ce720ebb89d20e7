// Deliveries to a real folder, a real S3 server and a real HTTP server, with the troubles that each of them makes.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Summary } from '../../appliance/contract/frame.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { plainPlan } from '../../appliance/contract/plan.ts';
import type { Products } from '../../appliance/contract/products.ts';
import { type DeliveryNote, noteMade, readNote } from '../../appliance/daemon/jobs/delivery-note.ts';
import type { WrittenTarget } from '../../appliance/daemon/pipelines/book.ts';
import { Secret } from '../../appliance/daemon/pipelines/secret.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Deliveries, type DeliveriesOptions } from '../../appliance/daemon/transfers/deliveries.ts';
import { openTargets } from '../../appliance/daemon/transfers/open-targets.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { openS3, s3Keys } from './s3.ts';

const log = pino({ level: 'silent' });
const summary: Summary = { total_frames: 2, total_detections: 0, classes: {}, fps: 25, duration_s: 0.08 };
const nothing = { xyxy: [], confidence: [], class_id: [], class_name: [] };
const lines = [0, 1].map((frame_index) => ({ frame_index, pts_s: frame_index / 25, detections: nothing }));
const clip = { number: 1, class: 'ball', seen_from_s: 0, seen_to_s: 1, from_s: 0, to_s: 1, best: 0.9 };
const products: Products = {
  annotated_bytes: 12_000_000,
  clips: [{ ...clip, bytes: 1000, type: 'video/mp4', poster: true }],
  deliveries: [],
};
const names = [
  'annotated.mp4',
  'clip-0001.jpg',
  'clip-0001.json',
  'clip-0001.mp4',
  'frames.ndjson',
  'result.json',
  'summary.json',
];

/** A job whose work lies whole in its folder. */
async function made(targets: readonly string[], annotated = 12_000_000) {
  const jobs = tempData();
  const job = makeJob({ plan: { ...plainPlan, deliver: [...targets] } });
  const folder = join(jobs, job.id);
  mkdirSync(folder);
  writeFileSync(join(folder, 'frames.ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary));
  writeFileSync(join(folder, 'annotated.mp4'), Buffer.alloc(annotated, 'annotated'));
  writeFileSync(join(folder, 'clip-0001.mp4'), Buffer.alloc(1000, 'clip'));
  writeFileSync(join(folder, 'clip-0001.jpg'), 'a picture');
  writeFileSync(join(folder, 'clip-0001.json'), '{}');
  const note = await noteMade(folder, { summary, warnings: [], products: { ...products, annotated_bytes: annotated } });
  return { jobs, job, folder, note };
}

type Made = Awaited<ReturnType<typeof made>>;

async function deliver(
  { jobs, job, folder, note }: Made,
  written: Record<string, WrittenTarget>,
  options: Partial<DeliveriesOptions> & { signal?: AbortSignal; again?: DeliveryNote; onBytes?: () => void } = {},
) {
  const { signal = new AbortController().signal, again = note, onBytes, ...rest } = options;
  const results = new Results({ jobsDir: jobs });
  const deliveries = new Deliveries({
    targets: await openTargets(written),
    result: (one: Job, stop) => results.export(one, 'json', stop).chunks,
    giveUpMs: 40,
    backOffMs: 5,
    log,
    ...rest,
  });
  const told: [number, number][] = [];
  const held: string[] = [];
  const onHeld = (reason: string | null) => {
    if (reason !== null) held.push(reason);
  };
  const hear = (bytes: number, total: number) => {
    told.push([bytes, total]);
    onBytes?.();
  };
  try {
    return {
      deliveries: await deliveries.deliver({ job, folder, note: again, signal, onBytes: hear, onHeld }),
      told,
      held,
    };
  } finally {
    deliveries.close();
  }
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a folder', () => {
  it('gets every file under its own name, whole, and nothing else', async () => {
    const work = await made(['here']);
    const path = tempData();
    const { deliveries, told } = await deliver(work, { here: { kind: 'folder', path } });
    const there = join(path, work.job.id);
    expect(readdirSync(there).sort()).toEqual(names);
    for (const name of names.filter((one) => one !== 'result.json')) {
      expect(readFileSync(join(there, name)).equals(readFileSync(join(work.folder, name)))).toBe(true);
    }
    const result: unknown = JSON.parse(readFileSync(join(there, 'result.json'), 'utf8'));
    expect(result).toMatchObject({ job_id: work.job.id, status: 'completed', summary, frames: lines });
    const bytes = names.reduce((sum, name) => sum + readFileSync(join(there, name)).length, 0);
    expect(deliveries).toEqual([{ target: 'here', files: names.length, bytes, place: `${path}/${work.job.id}/` }]);
    const moved = told.map(([sent]) => sent);
    expect(moved).toEqual([...moved].sort((a, b) => a - b));
    expect(told.at(-1)).toEqual([bytes, bytes]);
    expect(told.length).toBeGreaterThan(100);
  });

  it('that is not mounted is waited for, while the others get theirs', async () => {
    const work = await made(['share', 'here'], 1000);
    const [here, share] = [tempData(), join(tempData(), 'later')];
    const written = { share: { kind: 'folder' as const, path: share }, here: { kind: 'folder' as const, path: here } };
    const goesOn = () => {
      if (existsSync(join(here, work.job.id, 'clip-0001.jpg'))) mkdirSync(share, { recursive: true });
    };
    const { deliveries, held } = await deliver(work, written, { giveUpMs: 60_000, onBytes: goesOn });
    expect(deliveries.map(({ target }) => target)).toEqual(['here', 'share']);
    expect(held).toEqual(['It waits. The target "share" did not take summary.json: its folder is not there.']);
  });

  it('that stays away is not made, and fails the job with its name', async () => {
    const work = await made(['share']);
    const path = join(tempData(), 'gone');
    await expect(deliver(work, { share: { kind: 'folder', path } })).rejects.toThrow(
      /^The target "share" did not take summary\.json: its folder is not there, after \d+ tries\.$/,
    );
    expect(await readNote(work.folder, log)).toMatchObject({ sent: {} });
  });

  it('that failed is taken up at the files that are not there yet, and the others got theirs meanwhile', async () => {
    const work = await made(['good', 'bad'], 1000);
    const [good, bad] = [tempData(), join(tempData(), 'later')];
    const written = { good: { kind: 'folder' as const, path: good }, bad: { kind: 'folder' as const, path: bad } };
    await expect(deliver(work, written)).rejects.toThrow('"bad"');
    const again = await readNote(work.folder, log);
    expect(again?.sent['good']).toHaveLength(names.length);
    expect(again?.products.deliveries).toMatchObject([{ target: 'good', files: names.length }]);
    rmSync(join(good, work.job.id), { recursive: true });
    mkdirSync(bad);
    const { deliveries } = await deliver(work, written, again ? { again } : {});
    expect(deliveries).toHaveLength(2);
    expect(readdirSync(good)).toEqual([]); // what was there is not sent twice
    expect(readdirSync(join(bad, work.job.id))).toHaveLength(names.length);
  });
});

describe('S3', () => {
  const target = (endpoint: string, secret = s3Keys.secret): WrittenTarget => ({
    kind: 's3',
    endpoint,
    region: 'us-east-1',
    bucket: 'matches',
    prefix: 'gate 3/'.replace(' ', '-'),
    access_key: new Secret(s3Keys.access),
    secret_key: new Secret(secret),
  });
  it('gets every file, the large ones in parts, byte for byte', async () => {
    const server = await openS3('matches');
    const work = await made(['cloud']);
    const { deliveries, told } = await deliver(work, { cloud: target(server.url) });
    expect(deliveries).toMatchObject([{ target: 'cloud', place: `s3://matches/gate-3/${work.job.id}/` }]);
    expect(server.keys()).toEqual(names.map((name) => `gate-3/${work.job.id}/${name}`));
    const got = server.object(`gate-3/${work.job.id}/annotated.mp4`);
    expect(sha(got)).toBe(sha(readFileSync(join(work.folder, 'annotated.mp4'))));
    expect(told.some(([sent, total]) => sent > 5_000_000 && sent < total * 0.9)).toBe(true);
  });

  it('with a wrong key is not tried again, and says so without the key', async () => {
    const server = await openS3('matches');
    const work = await made(['cloud'], 1000);
    const failed = deliver(work, { cloud: target(server.url, 'hidden-word') });
    await expect(failed).rejects.toThrow(/^The target "cloud" did not take summary\.json: it answered \w+ \(403\)\.$/);
  });

  it('that nobody answers for is tried again, and then fails the job', async () => {
    const work = await made(['cloud'], 1000);
    const failed = deliver(work, { cloud: target('http://127.0.0.1:1') });
    await expect(failed).rejects.toThrow(/no answer \(ECONNREFUSED\), after \d+ tries/);
  });

  it('is left without half an object where the job is cancelled', async () => {
    const server = await openS3('matches');
    const work = await made(['cloud'], 30_000_000);
    const cancelled = new AbortController();
    const failed = deliver(
      work,
      { cloud: target(server.url) },
      {
        signal: cancelled.signal,
        onBytes: () => setImmediate(() => cancelled.abort()),
      },
    );
    await expect(failed).rejects.toThrow();
    expect(server.keys()).not.toContain(`gate-3/${work.job.id}/annotated.mp4`);
  });
});

describe('HTTP', () => {
  interface Got {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
    readonly bytes: Buffer;
  }
  async function openServer(answer: (got: Got, response: ServerResponse) => void) {
    const all: Got[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const got = { method, url, headers, bytes: Buffer.concat(chunks) };
        all.push(got);
        answer(got, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const target: WrittenTarget = {
      kind: 'http',
      url: `http://127.0.0.1:${port}/in/{job_id}/{file}?v=1`,
      method: 'PUT',
      headers: { Authorization: new Secret('Bearer hidden-word') },
    };
    return { all, target, port };
  }

  it('gets a PUT for each file, with its length, its type and the headers of the settings', async () => {
    const server = await openServer((_got, response) => void response.writeHead(201).end());
    const work = await made(['web']);
    const { deliveries } = await deliver(work, { web: server.target });
    expect(deliveries[0]?.place).toBe(`http://127.0.0.1:${server.port}/in/${work.job.id}/`);
    expect(server.all.map(({ url }) => url).sort()).toEqual(names.map((name) => `/in/${work.job.id}/${name}?v=1`));
    const video = server.all.find(({ url }) => url.includes('annotated'));
    expect(video?.method).toBe('PUT');
    expect(video?.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '12000000',
      authorization: 'Bearer hidden-word',
    });
    expect(sha(video?.bytes ?? Buffer.alloc(0))).toBe(sha(readFileSync(join(work.folder, 'annotated.mp4'))));
    const result = server.all.find(({ url }) => url.includes('result.json'));
    expect(result?.headers['content-length']).toBe(String(result?.bytes.length));
  });

  it('that is busy is tried again; that refuses is not, and the reason is told without secrets', async () => {
    let tries = 0;
    const busy = await openServer((_got, response) => {
      tries += 1;
      response.writeHead(tries < 3 ? 503 : 200).end();
    });
    const work = await made(['web'], 1000);
    await deliver(work, { web: busy.target });
    expect(busy.all).toHaveLength(names.length + 2);
    const refusing = await openServer((_got, response) => void response.writeHead(403).end());
    const failed = deliver(await made(['web'], 1000), { web: refusing.target });
    await expect(failed).rejects.toThrow('The target "web" did not take summary.json: it answered 403 Forbidden.');
    expect(refusing.all).toHaveLength(1);
  });

  it('that hangs is given up after a while, and tried again', async () => {
    let tries = 0;
    const server = await openServer((_got, response) => {
      tries += 1;
      if (tries > 1) response.end();
    });
    await deliver(await made(['web'], 1000), { web: server.target }, { stallMs: 100 });
    expect(tries).toBe(names.length + 1);
  });
});

it('has a target fail by name that is in the settings no more, and what is gone from the disk by its own', async () => {
  await expect(deliver(await made(['old'], 1000), {})).rejects.toThrow('There is no target "old" in pipelines.yaml');
  const work = await made(['here'], 1000);
  rmSync(join(work.folder, 'clip-0001.jpg'));
  const path = tempData();
  await expect(deliver(work, { here: { kind: 'folder', path } })).rejects.toThrow(
    'clip-0001.jpg is no longer on the disk',
  );
  chmodSync(path, 0o755);
});
