// Files go one after another; each can be paused, stopped, refused and tried again, and goes on by itself where it can.
import { appendFile, writeFile } from 'node:fs/promises';
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Carrier, Delivery, Errand, Upload } from '../../ui/src/state/upload.ts';
import { Uploads, type UploadsOptions } from '../../ui/src/state/uploads.svelte.ts';
import { tempData } from '../support/temp-data.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';

/** The other side of an upload: the test says how far it got and how it ended. */
class Wire {
  readonly begun: { file: File; onSent: (bytes: number) => void; end: (delivery: Delivery) => void }[] = [];
  readonly forgotten: string[] = [];

  readonly send: Carrier = (file, { kind }) => ({
    repeatable: kind !== 'model',
    forget: () => this.forgotten.push(file.name),
    send: (onSent, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        this.begun.push({ file, onSent, end: resolve });
      }),
  });

  /** Ends the newest. */
  async end(status: number, headers: Record<string, string> = {}, jobId: string | null = null): Promise<void> {
    this.begun.at(-1)?.end({ status, text: '', header: (name) => headers[name] ?? null, jobId });
    await vi.advanceTimersByTimeAsync(0);
  }
}

const asVideo: Errand = {
  kind: 'video',
  plugin: 'yolo-tracker',
  tools: ['video_player_detection'],
  options: noJobOptions,
};

function open(options: Partial<UploadsOptions> = {}): { uploads: Uploads; wire: Wire; kinds: () => string[] } {
  const wire = new Wire();
  const uploads = new Uploads({ send: wire.send, now: () => Date.now(), ...options });
  onTestFinished(() => uploads.close());
  return { uploads, wire, kinds: () => uploads.list.map(({ state }) => state.kind) };
}

function video(name: string): File {
  return new File([new Uint8Array(1000)], name);
}

function stateOf(uploads: Uploads): Upload['state'] | undefined {
  return uploads.list[0]?.state;
}

describe('uploads', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('go one after another, name the job that they have become, and leave the list a minute later', async () => {
    const accepted: (string | null)[] = [];
    const { uploads, wire, kinds } = open({ onAccepted: ({ name }, jobId) => accepted.push(name, jobId) });
    uploads.add([video('a.mp4'), video('b.mp4')], asVideo);
    expect(kinds()).toEqual(['sending', 'waiting']);
    expect(wire.begun).toHaveLength(1);
    expect(uploads.busy).toBe(true);
    await wire.end(200, {}, 'job-1');
    expect(stateOf(uploads)).toEqual({ kind: 'done', jobId: 'job-1' });
    expect(kinds()).toEqual(['done', 'sending']);
    await wire.end(200, {}, 'job-2');
    expect(uploads.busy).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(uploads.list).toEqual([]);
    expect(wire.forgotten).toEqual([]);
    expect(accepted).toEqual(['a.mp4', 'job-1', 'b.mp4', 'job-2']);
  });

  test('tell how much went out, how fast and for how long yet, once a second has passed', () => {
    const { uploads, wire } = open();
    uploads.add([video('a.mp4')], asVideo);
    vi.advanceTimersByTime(500);
    wire.begun[0]?.onSent(200);
    expect(uploads.list[0]).toMatchObject({ sent: 200, state: { bytesPerSecond: null, secondsLeft: null } });
    vi.advanceTimersByTime(1500);
    wire.begun[0]?.onSent(400);
    expect(uploads.list[0]).toMatchObject({ sent: 400, state: { bytesPerSecond: 200, secondsLeft: 3 } });
  });

  test('let the next one go while one is paused, and go on with it later', async () => {
    const { uploads, wire, kinds } = open();
    uploads.add([video('a.mp4'), video('b.mp4')], asVideo);
    wire.begun[0]?.onSent(400);
    uploads.pause(1);
    expect(kinds()).toEqual(['paused', 'sending']);
    expect(uploads.list[0]?.sent).toBe(400);
    uploads.retry(1);
    expect(kinds()).toEqual(['waiting', 'sending']);
    await wire.end(200);
    expect(kinds()).toEqual(['sending', 'done']);
    expect(wire.begun.at(-1)?.file.name).toBe('a.mp4');
    expect(wire.forgotten).toEqual([]);
  });

  test('wait for an appliance that is away, longer each time, and at once when it is back', async () => {
    const { uploads, wire, kinds } = open();
    uploads.add([video('a.mp4'), video('b.mp4')], asVideo);
    await wire.end(0);
    expect(stateOf(uploads)).toMatchObject({ kind: 'held', inS: 1 });
    expect(kinds()[1]).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1000);
    expect(wire.begun).toHaveLength(2);
    await wire.end(503);
    expect(stateOf(uploads)).toMatchObject({ kind: 'held', inS: 2 });
    uploads.wake();
    expect(wire.begun).toHaveLength(3);
    wire.begun.at(-1)?.onSent(10);
    await wire.end(0);
    expect(stateOf(uploads), 'something went out in between').toMatchObject({ kind: 'held', inS: 1 });
  });

  test('wait as long as a full queue asks for, and count down', async () => {
    const { uploads, wire } = open();
    uploads.add([video('a.mp4')], asVideo);
    await wire.end(429, { 'retry-after': '7', 'vedette-fault': 'queue-full' });
    uploads.wake();
    await vi.advanceTimersByTimeAsync(2000);
    expect(stateOf(uploads)).toMatchObject({ kind: 'held', inS: 5 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(wire.begun).toHaveLength(2);
  });

  test('wait for the key where one is asked for', async () => {
    const statuses: number[] = [];
    const { uploads, wire } = open({ onRefused: (_file, { status }) => statuses.push(status) });
    uploads.add([video('a.mp4')], asVideo);
    await wire.end(401, { 'vedette-fault': 'key-required' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stateOf(uploads)).toMatchObject({ kind: 'held', inS: null });
    uploads.wake();
    expect(wire.begun).toHaveLength(2);
    expect(statuses).toEqual([401]);
  });

  test('keep a refused file until it is tried again or dismissed, while others go on', async () => {
    const { uploads, wire, kinds } = open();
    uploads.add([video('a.mp4'), video('b.mp4')], asVideo);
    await wire.end(413, { 'vedette-fault': 'upload-too-large' });
    expect(stateOf(uploads)).toMatchObject({ kind: 'refused', refused: { status: 413, code: 'upload-too-large' } });
    expect(kinds()[1]).toBe('sending');
    uploads.cancel(2);
    uploads.retry(1);
    expect(kinds()).toEqual(['sending']);
    uploads.cancel(1);
    expect(uploads.list).toEqual([]);
    expect(wire.forgotten).toEqual(['b.mp4', 'a.mp4']);
  });

  test('begin again where nothing goes out any more', async () => {
    const { uploads, wire } = open();
    uploads.add([video('a.mp4')], asVideo);
    wire.begun[0]?.onSent(400);
    await vi.advanceTimersByTimeAsync(33_000);
    expect(wire.begun).toHaveLength(2);
    wire.begun[1]?.onSent(500);
    await vi.advanceTimersByTimeAsync(6000);
    uploads.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(wire.begun, 'sooner after a sleep').toHaveLength(3);
    wire.begun[2]?.onSent(1000);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(wire.begun, 'what is there may take its time').toHaveLength(3);
  });

  test('give up on an upload that the appliance loses again and again', async () => {
    const { uploads, wire } = open();
    uploads.add([video('a.mp4')], asVideo);
    for (let tries = 0; tries < 6; tries += 1) {
      await wire.end(404);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(stateOf(uploads)).toMatchObject({ kind: 'refused' });
  });

  test('send no model twice without being asked to', async () => {
    const { uploads, wire } = open();
    uploads.add([video('a.onnx')], { kind: 'model' });
    await wire.end(0);
    expect(stateOf(uploads)).toMatchObject({ kind: 'refused', refused: { status: 0 } });
  });

  test('say so of a file that can no longer be read on this device', async () => {
    vi.useRealTimers();
    const path = join(tempData(), 'a.mp4');
    await writeFile(path, 'on a stick');
    const { uploads, wire } = open();
    uploads.add([new File([await openAsBlob(path)], 'a.mp4')], asVideo);
    await appendFile(path, ' that was written to');
    wire.begun[0]?.end({ status: 0, text: '', header: () => null, jobId: null });
    await vi.waitFor(() => expect(stateOf(uploads)).toMatchObject({ refused: { code: 'file-gone' } }));
  });
});
