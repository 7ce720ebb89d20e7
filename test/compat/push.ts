// §5: what is pushed: Socket.IO and the plain WebSocket of one job.
import { io, type Socket } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { detect, nobody } from './api.ts';
import type { Bench } from './bench.ts';
import { Ear } from './ear.ts';
import { hollow } from './media.ts';
import type { Target } from './target.ts';

const Progress = z.object({
  ...{ job_id: z.string(), status: z.string(), progress: z.number().int().nullable(), stage: z.string().nullable() },
  ...{ current_frame: z.number(), total_frames: z.number().nullable(), fps: z.number().nullable() },
  ...{ eta_s: z.number().nullable(), seq: z.number().int(), ts: z.number().int() },
});
const Job = z.looseObject({ job_id: z.string(), status: z.string(), seq: z.number().int() });

function connect({ url, key }: Target): Socket {
  const socket = io(url, { transports: ['websocket'], forceNew: true, auth: key === null ? {} : { key } });
  onTestFinished(() => {
    socket.close();
  });
  return socket;
}

export function pushCases(bench: () => Bench): void {
  test('§5 Socket.IO: watch is acknowledged with a snapshot, then come the changes, each newer than the last', async () => {
    const { api, media } = bench();
    const socket = connect(api.target);
    const jobs: z.infer<typeof Job>[] = [];
    const progress: z.infer<typeof Progress>[] = [];
    socket.on('job', (job: unknown) => jobs.push(Job.parse(job)));
    socket.on('progress', (told: unknown) => progress.push(Progress.parse(told)));
    const id = await api.submit(media.video, `tool=${detect}`);
    const snapshot: unknown = await socket.emitWithAck('watch', { job_id: id });
    expect(JSON.stringify(snapshot)).toContain(id);
    await expect.poll(() => jobs.map(({ status }) => status), { timeout: 60_000 }).toContain('completed');
    const seqs = jobs.filter((job) => job.job_id === id).map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    const bars = progress.map((told) => told.progress ?? 0);
    expect(bars).toEqual([...bars].sort((a, b) => a - b));
    expect(bars.every((bar) => bar < 100)).toBe(true);
    await socket.emitWithAck('unwatch', { job_id: id });
    await api.call('DELETE', `/v1/jobs/${id}`);
  });

  test('§5 Socket.IO: who watches all hears of jobs that are removed', async () => {
    const { api } = bench();
    const socket = connect(api.target);
    const removed: unknown[] = [];
    socket.on('job_removed', (told: unknown) => removed.push(told));
    await socket.emitWithAck('watch', { all: true });
    const id = await api.submit(hollow, `tool=${detect}`);
    await api.call('DELETE', `/v1/jobs/${id}`);
    await api.ended(id, 'failed');
    await api.call('DELETE', `/v1/jobs/${id}`);
    await expect.poll(() => JSON.stringify(removed)).toContain(id);
  });

  test('§5 WebSocket /v1/ws/jobs/{id}: a snapshot at once, and the end', async () => {
    const { api, media } = bench();
    const id = await api.submit(media.video, `tool=${detect}`);
    const ear = new Ear(api.target, `/v1/ws/jobs/${id}`);
    const snapshot = await ear.hear(() => true);
    expect(Object.keys(snapshot)).toEqual(
      expect.arrayContaining(['job_id', 'current_frame', 'total_frames', 'percent']),
    );
    expect(Object.keys(snapshot)).toEqual(expect.arrayContaining(['current_tool', 'tools_total', 'tools_completed']));
    expect(await ear.hear(({ status }) => status === 'completed')).toMatchObject({ job_id: id });
    ear.send({ type: 'ping' });
    expect(await ear.hear(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: {} });
  });

  test('§5 WebSocket /v1/ws/jobs/{id}: an unknown id closes with 4404', async () => {
    expect(await new Ear(bench().api.target, `/v1/ws/jobs/${nobody}`).closed).toBe(4404);
  });
}
