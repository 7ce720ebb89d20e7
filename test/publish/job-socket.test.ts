import { afterEach, describe, expect, it } from 'vitest';
import { JobSockets, type PlainSocket } from '../../appliance/daemon/publish/job-socket.ts';
import { Source } from './source.ts';

class FakeSocket implements PlainSocket {
  readonly sent: unknown[] = [];
  readonly droppable: boolean[] = [];
  closed: { code: number; reason: string } | undefined;

  send(text: string, droppable: boolean): void {
    this.sent.push(JSON.parse(text));
    this.droppable.push(droppable);
  }
  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }
}

describe('the plain WebSocket of a job', () => {
  const source = new Source();
  let sockets: JobSockets;
  const open = (jobId: string, options: { mostSockets?: number } = {}) => {
    sockets = new JobSockets({ stream: source.stream, snapshot: source.snapshot, progressIntervalMs: 0, ...options });
    const socket = new FakeSocket();
    sockets.opened(socket, jobId);
    return socket;
  };
  afterEach(() => sockets.close());

  it('gets a snapshot at once, then progress, then the end', () => {
    const job = source.create({ progress: 10, currentFrame: 100 });
    const socket = open(job.id);
    const keys = { job_id: job.id, total_frames: 1000, current_tool: 'video_player_detection', tools_total: 1 };
    const snapshot = { ...keys, status: 'running', progress: 10, percent: 10, current_frame: 100, tools_completed: 0 };
    expect(socket.sent).toEqual([snapshot]);
    source.progress(job.id, { progress: 11 });
    source.complete(job.id);
    expect(socket.sent.slice(1)).toEqual([
      { ...keys, percent: 11, current_frame: 101, tools_completed: 0 },
      { job_id: job.id, status: 'completed' },
    ]);
    expect(socket.droppable).toEqual([false, true, false]);
  });

  it('counts the tools of a job with several, which end together', () => {
    const job = source.create({ tools: ['video_player_detection', 'video_player_tracking'], jobType: 'video_multi' });
    const socket = open(job.id);
    const both = { current_tool: 'video_player_detection', tools_total: 2, tools_completed: 0 };
    expect(socket.sent.at(-1)).toMatchObject(both);
    source.progress(job.id, { stage: 'packaging', toolsCompleted: 2 });
    expect(socket.sent.at(-1)).toMatchObject({
      ...{ current_tool: 'video_player_tracking', tools_total: 2, tools_completed: 2 },
    });
  });

  it('is told the reason when the job fails', () => {
    const job = source.create();
    const socket = open(job.id);
    source.change(job.id, { status: 'failed', error: { code: 'source-empty', message: 'The file is empty' } });
    expect(socket.sent.at(-1)).toEqual({ job_id: job.id, status: 'error', message: 'The file is empty' });
  });

  it('is told Cancelled when the job is cancelled', () => {
    const job = source.create();
    const socket = open(job.id);
    source.change(job.id, { status: 'cancelled' });
    expect(socket.sent.at(-1)).toEqual({ job_id: job.id, status: 'error', message: 'Cancelled' });
  });

  it('gets the snapshot and the end of a job that is over already', () => {
    const job = source.create({ status: 'completed', progress: 100, stage: 'completed', toolsCompleted: 1 });
    const socket = open(job.id.toUpperCase());
    expect(socket.sent).toEqual([
      expect.objectContaining({ job_id: job.id, status: 'completed', progress: 100, percent: 100, tools_completed: 1 }),
      { job_id: job.id, status: 'completed' },
    ]);
  });

  it.each(['ping', '{"type":"ping"}'])('answers %s with a pong', (text) => {
    const socket = open(source.create().id);
    sockets.received(socket, text);
    expect(socket.sent.at(-1)).toEqual({ type: 'pong', payload: {} });
  });

  it.each(['', '{', 'null', '{"type":"other"}', '[1]'])('ignores %j', (text) => {
    const socket = open(source.create().id);
    sockets.received(socket, text);
    expect(socket.sent).toHaveLength(1);
    expect(socket.closed).toBeUndefined();
  });

  it.each(['00000000-0000-4000-8000-000000000000', 'nonsense', '../../etc'])('is closed with 4404 for job %s', (id) => {
    const socket = open(id);
    expect(socket.sent).toEqual([]);
    expect(socket.closed).toEqual({ code: 4404, reason: 'Job not found' });
    expect(sockets.clients()).toBe(0);
  });

  it('is closed when the job is removed', () => {
    const job = source.create();
    const socket = open(job.id);
    source.remove(job.id);
    expect(socket.closed).toEqual({ code: 4404, reason: 'Job removed' });
  });

  it('is refused when too many are open, and there is room again when one leaves', () => {
    const job = source.create();
    const first = open(job.id, { mostSockets: 1 });
    const second = new FakeSocket();
    sockets.opened(second, job.id);
    expect(second.closed).toEqual({ code: 1013, reason: 'Too many listeners' });
    sockets.closed(first);
    const third = new FakeSocket();
    sockets.opened(third, job.id);
    expect(third.sent).toHaveLength(1);
    source.progress(job.id);
    expect(first.sent).toHaveLength(1);
  });

  it('says goodbye when the appliance stops', () => {
    const socket = open(source.create().id);
    sockets.close();
    expect(socket.closed).toEqual({ code: 1001, reason: 'Appliance is stopping' });
    expect(sockets.clients()).toBe(0);
  });
});
