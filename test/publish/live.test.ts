import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { App, us_listen_socket_close, us_socket_local_port, type us_listen_socket } from 'uWebSockets.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { JobItem, ProgressView } from '../../appliance/contract/api.ts';
import type {
  ClientToServerEvents,
  ServerToClientEvents,
  WatchAnswer,
  WatchTarget,
} from '../../appliance/contract/events.ts';
import { Live, type LiveOptions } from '../../appliance/daemon/publish/live.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';

type Client = Socket<ServerToClientEvents, ClientToServerEvents>;
type Told =
  | { readonly event: 'snapshot' | 'job'; readonly job: JobItem }
  | { readonly event: 'progress'; readonly job: ProgressView; readonly at: number }
  | { readonly event: 'job_removed' | 'system'; readonly job?: undefined };

/** A client that notes everything it is told, in order, and watches again whenever it is connected again. */
class Viewer {
  readonly told = new RecordOf<Told>();
  readonly socket: Client;
  readonly #target: WatchTarget;

  constructor(socket: Client, target: WatchTarget) {
    this.socket = socket;
    this.#target = target;
    socket.on('connect', () => void this.watch());
    socket.on('job', (job) => this.told.add({ event: 'job', job }));
    socket.on('progress', (job) => this.told.add({ event: 'progress', job, at: performance.now() }));
    socket.on('job_removed', () => this.told.add({ event: 'job_removed' }));
    socket.on('system', () => this.told.add({ event: 'system' }));
  }

  async watch(): Promise<void> {
    const answer: WatchAnswer = await new Promise((resolve) => this.socket.emit('watch', this.#target, resolve));
    if ('jobs' in answer) for (const job of answer.jobs) this.told.add({ event: 'snapshot', job });
  }

  seqs(): number[] {
    return this.told.all.flatMap(({ job }) => (job ? [job.seq] : []));
  }

  progress(): Extract<Told, { event: 'progress' }>[] {
    return this.told.all.filter((told) => told.event === 'progress');
  }

  async end(): Promise<void> {
    await this.told.find(({ event, job }) => event === 'job' && job.status === 'completed');
  }
}

describe('the live push', () => {
  let source: Source;
  let live: Live;
  let port: number;
  let listening: us_listen_socket;
  let app: ReturnType<typeof App>;
  const clients: Client[] = [];

  async function open(options: Partial<LiveOptions> = {}): Promise<void> {
    source = new Source();
    const { stream, snapshot, log } = source;
    live = new Live({ stream, snapshot, log, mayOpen: () => true, mayConnect: () => true, ...options });
    app = App();
    live.attachApp(app);
    const socket = await new Promise<us_listen_socket | false>((resolve) => app.listen('127.0.0.1', 0, resolve));
    if (!socket) throw new Error('no port');
    listening = socket;
    port = us_socket_local_port(socket);
  }
  async function close(): Promise<void> {
    for (const client of clients.splice(0)) client.disconnect();
    us_listen_socket_close(listening);
    await live.close();
    app.close();
  }
  function connect(options: object = {}): Client {
    const client: Client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, ...options });
    clients.push(client);
    return client;
  }
  const ask = (client: Client, target: unknown) =>
    new Promise<WatchAnswer>((resolve) => client.emit('watch', target as WatchTarget, resolve));
  const refusal = (client: Client) =>
    new Promise<string>((resolve) => client.once('connect_error', (err) => resolve(err.message)));

  /** One frame a turn of the event loop. */
  async function run(jobId: string, frames: number, between: (frame: number) => void = () => {}): Promise<void> {
    for (let frame = 1; frame <= frames; frame++) {
      source.progress(jobId, { currentFrame: frame, progress: Math.floor((frame / frames) * 99) });
      between(frame);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    source.complete(jobId);
  }

  describe('in the open', () => {
    beforeEach(() => open());
    afterEach(close);

    it('answers watch with the job and the appliance, then tells what changes', async () => {
      const job = source.create({ status: 'pending', currentFrame: 0 });
      source.create();
      const viewer = new Viewer(connect(), { job_id: job.id });
      await viewer.told.find(({ event }) => event === 'snapshot');
      source.create();
      source.change(job.id, { status: 'running' });
      source.progress(job.id);
      source.complete(job.id);
      source.remove(job.id);
      await viewer.told.find(({ event }) => event === 'job_removed');
      const expected = [
        ['snapshot', 'pending'],
        ['job', 'running'],
        ['progress', 'running'],
        ['job', 'completed'],
        ['job_removed', undefined],
      ];
      expect(viewer.told.all.map((told) => [told.event, told.job?.status])).toEqual(expected);
    });

    it('answers watch for all with the newest hundred, and tells of every job and the appliance', async () => {
      for (let made = 0; made < 120; made++) source.create({ seq: made });
      const client = connect();
      const answer = await ask(client, { all: true });
      if ('error' in answer) throw new Error(answer.error);
      expect(answer.jobs).toHaveLength(100);
      expect(answer.jobs[0]?.seq).toBe(119);
      expect(answer.system).toEqual(source.system);
      const told = new Promise((resolve) => client.once('system', resolve));
      source.tellSystem({ state: 'degraded' });
      expect(await told).toEqual(source.system);
    });

    it('tells a client that watches a job and all of them everything once', async () => {
      const job = source.create();
      const viewer = new Viewer(connect(), { all: true });
      await viewer.told.find(({ event }) => event === 'snapshot');
      await ask(viewer.socket, { job_id: job.id });
      source.progress(job.id);
      source.complete(job.id);
      await viewer.end();
      expect(viewer.seqs()).toEqual([1, 2, 3]);
    });

    it('stops telling after unwatch', async () => {
      const job = source.create();
      const viewer = new Viewer(connect(), { job_id: job.id });
      await viewer.told.find(({ event }) => event === 'snapshot');
      await new Promise((resolve) => viewer.socket.emit('unwatch', { job_id: job.id }, resolve));
      source.progress(job.id);
      await viewer.watch();
      expect(viewer.told.all.map(({ event }) => event)).toEqual(['snapshot', 'snapshot']);
    });

    it.each(['one job', 'all'])('tells who comes to watch %s nothing that the snapshot had already', async (wanted) => {
      const job = source.create();
      const target = wanted === 'all' ? ({ all: true } as const) : { job_id: job.id };
      const early = new Viewer(connect(), target);
      await early.told.find(({ event }) => event === 'snapshot');
      source.progress(job.id);
      source.progress(job.id); // waits for its interval
      const late = new Viewer(connect(), target);
      await late.told.find(({ event }) => event === 'snapshot');
      source.complete(job.id);
      for (const viewer of [early, late]) await viewer.end();
      expect(early.seqs()).toEqual([1, 2, 3, 4]);
      expect(late.seqs()).toEqual([3, 4]);
    });

    it('tells two clients the same, through a flood of a thousand frames', async () => {
      const job = source.create({ totalFrames: 1000 });
      const viewers = [new Viewer(connect(), { job_id: job.id }), new Viewer(connect(), { all: true })];
      for (const viewer of viewers) await viewer.told.find(({ event }) => event === 'snapshot');
      await run(job.id, 1000);
      for (const viewer of viewers) await viewer.end();
      expect(viewers[0]?.seqs()).toEqual(viewers[1]?.seqs());
    });

    it('thins progress to ten a second, and never the first or the last', async () => {
      const job = source.create({ totalFrames: 1000 });
      const viewer = new Viewer(connect(), { job_id: job.id });
      await viewer.told.find(({ event }) => event === 'snapshot');
      const begun = performance.now();
      await run(job.id, 1000);
      const ms = performance.now() - begun;
      await viewer.end();
      const frames = viewer.progress().map(({ job }) => job.current_frame);
      expect(frames[0]).toBe(1);
      expect(frames.at(-1)).toBe(1000);
      // the first, one an interval, and the last that the end did not wait for
      expect(frames.length).toBeLessThanOrEqual(2 + Math.floor(ms / 100));
      expect(frames.length).toBeGreaterThan(ms / 100 / 2);
    });

    it('leaves no gap and says nothing twice to a client that comes and goes under a flood', async () => {
      const job = source.create({ totalFrames: 1000 });
      const steady = new Viewer(connect(), { job_id: job.id });
      const restless = new Viewer(connect({ reconnectionDelay: 5, reconnectionDelayMax: 10 }), { job_id: job.id });
      for (const viewer of [steady, restless]) await viewer.told.find(({ event }) => event === 'snapshot');
      let breaks = 0;
      await run(job.id, 1000, (frame) => {
        if (frame % 60 !== 0 || !restless.socket.connected) return;
        restless.socket.io.engine.close();
        breaks += 1;
      });
      await Promise.all([steady.end(), restless.end()]);
      expect(breaks).toBeGreaterThan(5);
      const seqs = restless.seqs();
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      // whatever the steady one was told between two snapshots of the other, the other was told too
      let since = Infinity;
      for (const { event, job: seen } of restless.told.all) {
        if (!seen) continue;
        if (event !== 'snapshot') {
          const missed = steady.seqs().filter((seq) => seq > since && seq < seen.seq);
          expect(missed).toEqual([]);
        }
        since = seen.seq;
      }
    });

    it('does the same for a client that starts with polling and upgrades', async () => {
      const job = source.create({ totalFrames: 300 });
      const viewer = new Viewer(connect({ transports: ['polling', 'websocket'] }), { all: true });
      await viewer.told.find(({ event }) => event === 'snapshot');
      await run(job.id, 300);
      await viewer.end();
      const seqs = viewer.seqs();
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(viewer.progress().at(-1)?.job.current_frame).toBe(300);
      expect(viewer.socket.io.engine.transport.name).toBe('websocket');
    });

    it('tells on when another listener of the stream throws', async () => {
      const job = source.create();
      source.stream.on('job-changed', () => {
        throw new Error('a listener of no use');
      });
      const viewer = new Viewer(connect(), { job_id: job.id });
      await viewer.told.find(({ event }) => event === 'snapshot');
      source.complete(job.id);
      await viewer.end();
    });

    it.each([undefined, null, 'all', 7, {}, { job_id: 7 }, { job_id: 'x' }, { all: false }, [{ all: true }]])(
      'refuses to watch %j',
      async (target) => {
        expect(await ask(connect(), target)).toEqual({ error: 'Expected {"job_id": "<uuid>"} or {"all": true}' });
      },
    );

    it('says that a job is not there', async () => {
      expect(await ask(connect(), { job_id: randomUUID() })).toEqual({ error: 'Job not found' });
    });

    it('takes a job id in any of its forms', async () => {
      const job = source.create();
      const answer = await ask(connect(), { job_id: `{${job.id.toUpperCase()}}` });
      expect(answer).toMatchObject({ jobs: [{ job_id: job.id }] });
    });

    it('survives a watch without an acknowledgement, or with something else in its place', async () => {
      const job = source.create();
      const client = connect() as Socket;
      client.emit('watch', { job_id: job.id });
      client.emit('watch', { job_id: job.id }, 'not a function');
      client.emit('unwatch');
      expect(await client.emitWithAck('watch', { job_id: job.id })).toHaveProperty('jobs');
    });

    it('lets one connection watch two hundred jobs and no more', async () => {
      const client = connect();
      const ids = Array.from({ length: 201 }, () => source.create().id);
      const answers = await Promise.all(ids.map((id) => ask(client, { job_id: id })));
      expect(answers.filter((answer) => 'jobs' in answer)).toHaveLength(200);
      expect(answers[200]).toEqual({ error: 'At most 200 jobs can be watched by one connection' });
      expect(await ask(client, { job_id: ids[0] })).toHaveProperty('jobs');
    });

    it('goes on telling of the jobs that a client asked for when it no longer watches everything', async () => {
      const [asked, removed, other] = [source.create(), source.create(), source.create()];
      const viewer = new Viewer(connect(), { job_id: asked.id });
      await viewer.told.find(({ event }) => event === 'snapshot');
      await ask(viewer.socket, { all: true });
      await ask(viewer.socket, { job_id: removed.id });
      source.remove(removed.id);
      await new Promise((resolve) => viewer.socket.emit('unwatch', { all: true }, resolve));
      source.complete(other.id);
      source.complete(asked.id);
      await viewer.end();
      const jobs = viewer.told.all.filter(({ event }) => event === 'job').map(({ job }) => job);
      expect(jobs).toEqual([expect.objectContaining({ job_id: asked.id })]);
    });

    it('cuts a client that reads nothing when a megabyte waits for it, and no other', async () => {
      const job = source.create();
      const reader = new Viewer(connect(), { all: true });
      await reader.told.find(({ event }) => event === 'snapshot');
      const stalled = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
      const watches = new Promise((resolve) => {
        stalled.on('message', (data: Buffer) => {
          const text = data.toString();
          if (text.startsWith('0{')) stalled.send('40');
          if (text.startsWith('40{')) stalled.send('420["watch",{"all":true}]');
          if (text.startsWith('430')) resolve(null);
        });
      });
      await watches;
      stalled.pause();
      const message = 'x'.repeat(20_000);
      let told = 0;
      while (live.clients() === 2) {
        source.tellSystem({ reasons: [message] });
        told += 1;
        await new Promise((resolve) => setImmediate(resolve));
        expect(told).toBeLessThan(2000);
      }
      expect(live.cut).toBe(1);
      expect(source.book.count('live client cut, since it does not read')).toBe(1);
      source.complete(job.id);
      await reader.end();
      expect(reader.told.all.filter(({ event }) => event === 'system')).toHaveLength(told);
      stalled.terminate();
    });

    it('cuts a client that asks for everything over and over', async () => {
      const client = connect({ reconnection: false });
      const gone = new Promise((resolve) => client.once('disconnect', resolve));
      for (let asked = 0; asked < 20; asked++) client.emit('watch', { all: true }, () => undefined);
      await gone;
      expect(live.cut).toBe(1);
      expect(source.book.count('live client cut, since it asks too much')).toBe(1);
      expect(await ask(connect(), { all: true })).toHaveProperty('jobs');
    });

    it('cuts a polling client that does not come for a megabyte', async () => {
      const poll = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(poll)).text()).slice(1)) as { sid: string };
      const post = (body: string) => fetch(`${poll}&sid=${sid}`, { method: 'POST', body });
      await post('40');
      await (await fetch(`${poll}&sid=${sid}`)).text();
      await post('420["watch",{"all":true}]');
      await (await fetch(`${poll}&sid=${sid}`)).text();
      expect(live.clients()).toBe(1);
      const message = 'x'.repeat(20_000);
      let told = 0;
      while (live.clients() === 1) {
        source.tellSystem({ reasons: [message] });
        told += 1;
        await new Promise((resolve) => setImmediate(resolve));
        expect(told).toBeLessThan(100);
      }
      expect(live.cut).toBe(1);
    });

    it('tells what it still thinned out before it closes', async () => {
      const job = source.create();
      const viewer = new Viewer(connect({ reconnection: false }), { all: true });
      await viewer.told.find(({ event }) => event === 'snapshot');
      source.progress(job.id);
      const { seq } = source.progress(job.id); // waits for its interval
      const gone = new Promise((resolve) => viewer.socket.once('disconnect', resolve));
      await live.close();
      await gone;
      expect(viewer.seqs().at(-1)).toBe(seq);
    });

    it('counts its clients', async () => {
      const client = connect();
      await ask(client, { all: true });
      expect(live.clients()).toBe(1);
    });
  });

  describe('behind rules', () => {
    afterEach(close);

    it.each(['websocket', 'polling'])('refuses an origin before the connection is open, by %s', async (transport) => {
      await open({ mayOpen: ({ origin }) => origin !== 'http://evil.example' });
      const extraHeaders = { origin: 'http://evil.example' };
      expect(await refusal(connect({ transports: [transport], extraHeaders, reconnection: false }))).toMatch(/error/);
      expect(source.book.lines).toContainEqual(
        expect.objectContaining({
          msg: 'live connection refused',
          origin: 'http://evil.example',
          address: '127.0.0.1',
        }),
      );
      await ask(connect({ transports: [transport] }), { all: true });
    });

    it('takes the key from the handshake or the headers, and refuses who has none', async () => {
      await open({ mayConnect: ({ key, host }) => key === 'right' && host === `127.0.0.1:${port}` });
      expect(await refusal(connect())).toBe('Not allowed');
      expect(await refusal(connect({ auth: { key: 'wrong' } }))).toBe('Not allowed');
      expect(live.clients()).toBe(0);
      for (const options of [
        { auth: { key: 'right' } },
        { extraHeaders: { 'x-api-key': 'right' } },
        { extraHeaders: { authorization: 'Bearer right' } },
      ]) {
        expect(await ask(connect(options), { all: true })).toHaveProperty('jobs');
      }
      expect(JSON.stringify(source.book.lines)).not.toContain('wrong');
    });
  });

  it('closes without ever having been attached', async () => {
    const { stream, snapshot, log } = new Source();
    await new Live({ stream, snapshot, log, mayOpen: () => true, mayConnect: () => true }).close();
  });
});
