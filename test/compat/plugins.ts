// §2: plugins, health and what the server says of itself.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { detect, plugin, utc } from './api.ts';
import type { Bench } from './bench.ts';

const text = expect.any(String) as string;
const number = expect.any(Number) as number;
const object = expect.any(Object) as object;

export function pluginCases(bench: () => Bench): void {
  test('§2 GET /v1/plugins', async () => {
    const { body } = await bench().api.get('/v1/plugins');
    const found = z.array(z.looseObject({ name: z.string() })).parse(body);
    expect(found.find(({ name }) => name === plugin)).toMatchObject({
      ...{ state: text, description: text, version: text, uptime_seconds: number, last_used: utc },
      ...{ success_count: number, error_count: number, last_execution_time_ms: number },
      avg_execution_time_ms: number,
    });
  });

  test('§2 GET /v1/plugins/{id}/manifest: every tool with its inputs and outputs', async () => {
    const manifest = await bench().api.fields(`/v1/plugins/${plugin}/manifest`);
    expect(manifest).toMatchObject({ id: plugin, name: text, version: text, description: text, type: 'yolo' });
    expect(manifest).toMatchObject({ author: text, license: text, capabilities: expect.any(Array) as unknown });
    const tools = z.array(z.looseObject({ id: z.string() })).parse(manifest['tools']);
    for (const tool of tools) expect(tool).toMatchObject({ title: text, inputs: object, outputs: object });
    expect(tools.find(({ id }) => id === detect)).toMatchObject({
      ...{ input_types: ['video'], output_types: ['video_detections'], capabilities: ['player_detection'] },
    });
    expect((await bench().api.get('/v1/plugins/nobody/manifest')).status).toBe(404);
  });

  test('§2 POST /v1/plugins/{id}/tools/{tool}/run', async () => {
    const { api, media } = bench();
    const path = `/v1/plugins/${plugin}/tools/player_detection/run`;
    const answer = await api.post(path, { args: { image: media.jpeg.toString('base64') } });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ result: { frames: [{ frame_index: 0, detections: {} }], summary: object } });
    const refused = await api.post(path, { args: { image: 'AAAA' } });
    expect([refused.status, refused.body]).toEqual([400, { detail: text }]);
  });

  test('§2 health: /v1/health, /v1/worker/health, /healthz, /readyz, /metrics', async () => {
    const { api } = bench();
    expect(await api.fields('/v1/health')).toEqual({ status: 'healthy', plugins_loaded: number, version: text });
    expect(await api.fields('/v1/worker/health')).toEqual({ alive: true, last_heartbeat: utc });
    for (const path of ['/healthz', '/readyz']) expect((await api.get(path)).status).toBe(200);
    const metrics = await api.get('/metrics');
    expect([metrics.status, metrics.text]).toEqual([200, expect.stringContaining('# TYPE')]);
  });

  test('§2 /openapi.json is OpenAPI 3.1, and calls the polled status deprecated', async () => {
    const document = await bench().api.fields('/openapi.json');
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1/) as string,
      paths: { '/v1/video/status/{job_id}': { get: { deprecated: true } } },
    });
  });
}
