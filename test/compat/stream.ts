// §2: the WebSocket /v1/stream.
import { expect, test } from 'vitest';
import { plugin } from './api.ts';
import type { Bench } from './bench.ts';
import { Ear } from './ear.ts';

export function streamCases(bench: () => Bench): void {
  test('§2 WebSocket /v1/stream: a frame in, what its tools see out', async () => {
    const { api, media } = bench();
    const ear = new Ear(api.target, '/v1/stream');
    await ear.opened();
    const image_data = media.jpeg.toString('base64');
    ear.send({ type: 'frame', frame_id: 'one', image_data, plugin_id: plugin, tools: ['player_detection'] });
    const { payload } = await ear.hear(({ type }) => type === 'result');
    expect(payload).toMatchObject({
      ...{ frame_id: 'one', player_detection: { detections: { xyxy: expect.any(Array) as unknown } } },
      ...{ processing_ms: expect.any(Number) as number, dropped: 0 },
    });
  });

  test('§2 WebSocket /v1/stream: ping, and errors with their frame', async () => {
    const { api } = bench();
    const ear = new Ear(api.target, '/v1/stream');
    await ear.opened();
    ear.send({ type: 'ping' });
    expect(await ear.hear(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: {} });
    ear.send({ type: 'frame', frame_id: 'bad', image_data: 'AAAA', tools: ['player_detection'] });
    const { payload } = await ear.hear(({ type }) => type === 'error');
    expect(payload).toMatchObject({ code: expect.any(String) as string, message: expect.any(String) as string });
    expect(payload).toMatchObject({ frame_id: 'bad' });
  });
}
