// Files go one after another; each can be stopped, refused and tried again.
import { describe, expect, test, vi } from 'vitest';
import { type SendFile, Uploads } from '../../ui/src/state/uploads.svelte.ts';
import type { Answer } from '../../ui/src/wire/answers.ts';

/** The other side of an upload: the test says how far it got and how it ended. */
class Wire {
  readonly begun: { file: File; onSent: (bytes: number) => void; end: (answer: Answer) => void }[] = [];

  readonly send: SendFile = (file, onSent, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      this.begun.push({ file, onSent, end: resolve });
    });
}

const taken: Answer = { status: 200, text: '{}', retryAfter: null };

function video(name: string): File {
  return new File([new Uint8Array(1000)], name);
}

describe('uploads', () => {
  test('go one after another and leave the list when the appliance took them', async () => {
    const wire = new Wire();
    const accepted: string[] = [];
    const uploads = new Uploads({ send: wire.send, now: () => 0, onAccepted: ({ name }) => accepted.push(name) });
    uploads.add([video('a.mp4'), video('b.mp4')]);
    expect(uploads.list.map(({ state }) => state.kind)).toEqual(['sending', 'waiting']);
    expect(wire.begun).toHaveLength(1);
    wire.begun[0]?.end(taken);
    await vi.waitFor(() => expect(wire.begun).toHaveLength(2));
    wire.begun[1]?.end(taken);
    await vi.waitFor(() => expect(uploads.list).toEqual([]));
    expect(accepted).toEqual(['a.mp4', 'b.mp4']);
  });

  test('tell how much went out, and how fast once a second has passed', () => {
    const wire = new Wire();
    let ms = 0;
    const uploads = new Uploads({ send: wire.send, now: () => ms });
    uploads.add([video('a.mp4')]);
    ms = 500;
    wire.begun[0]?.onSent(200);
    expect(uploads.list[0]?.state).toEqual({ kind: 'sending', sent: 200, bytesPerSecond: null });
    ms = 2000;
    wire.begun[0]?.onSent(800);
    expect(uploads.list[0]?.state).toEqual({ kind: 'sending', sent: 800, bytesPerSecond: 400 });
  });

  test('go on with the next after one was stopped', async () => {
    const wire = new Wire();
    const uploads = new Uploads({ send: wire.send, now: () => 0 });
    uploads.add([video('a.mp4'), video('b.mp4')]);
    uploads.cancel(1);
    await vi.waitFor(() => expect(wire.begun).toHaveLength(2));
    expect(uploads.list.map(({ file }) => file.name)).toEqual(['b.mp4']);
  });

  test('keep a refused file with its sentence until it is tried again or dismissed', async () => {
    const wire = new Wire();
    const uploads = new Uploads({ send: wire.send, now: () => 0 });
    uploads.add([video('a.mp4')]);
    wire.begun[0]?.end({ status: 400, text: '{"detail":"Invalid MP4 file"}', retryAfter: null });
    await vi.waitFor(() => expect(uploads.list[0]?.state).toEqual({ kind: 'refused', message: 'Invalid MP4 file.' }));
    uploads.retry(1);
    await vi.waitFor(() => expect(wire.begun).toHaveLength(2));
    uploads.cancel(1);
    expect(uploads.list).toEqual([]);
  });
});
