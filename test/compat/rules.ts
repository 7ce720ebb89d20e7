// §1: what holds for every answer.
import { expect, test } from 'vitest';
import { nobody, utc } from './api.ts';
import type { Bench } from './bench.ts';

export function ruleCases(bench: () => Bench): void {
  test.each([
    ['GET', '/v1/nothing', 404, 'Not Found'],
    ['PUT', '/v1/jobs', 405, 'Method Not Allowed'],
    ['GET', '/v1/video/submit', 405, 'Method Not Allowed'],
    ['GET', `/v1/jobs/${nobody}`, 404, 'Job not found'],
    ['GET', `/v1/video/status/${nobody}`, 404, 'Job not found'],
    ['DELETE', `/v1/jobs/${nobody}`, 404, 'Job not found'],
  ])('§1 errors are {"detail"}: %s %s', async (method, path, status, detail) => {
    const answer = await bench().api.call(method, path);
    expect([answer.status, answer.body]).toEqual([status, { detail }]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  });

  test.each([
    ['/v1/jobs?limit=0', ['query', 'limit']],
    ['/v1/jobs?limit=101', ['query', 'limit']],
    ['/v1/jobs?skip=-1', ['query', 'skip']],
    ['/v1/jobs?status=lost', ['query', 'status']],
    ['/v1/jobs/not-a-uuid', ['path', 'job_id']],
    ['/v1/video/status/123', ['path', 'job_id']],
  ])('§1 what does not fit its schema is 422 with type, loc, msg and input: %s', async (path, loc) => {
    const answer = await bench().api.get(path);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      detail: [{ loc, type: expect.any(String) as string, msg: expect.any(String) as string }],
    });
    expect(answer.text).toContain('"input":');
  });

  test('§1 a UUID is understood in its 32-hex, upper-case, braced and urn forms, and told in one', async () => {
    const { api, done } = bench();
    const id = done.video;
    const hex = id.replaceAll('-', '');
    for (const form of [hex, id.toUpperCase(), `{${id}}`, `urn:uuid:${id}`]) {
      expect(await api.fields(`/v1/video/status/${encodeURIComponent(form)}`)).toMatchObject({ job_id: id });
    }
  });

  test('§1 times are ISO 8601 in UTC with Z', async () => {
    const { api, done } = bench();
    const job = await api.fields(`/v1/jobs/${done.video}`);
    expect(job).toMatchObject({ created_at: utc, updated_at: utc, completed_at: utc });
  });

  test('§1 progress is an integer that never goes back, and 100 exactly when completed', () => {
    const { told } = bench();
    const bars = told.map((progress) => progress ?? -1);
    expect(bars.every((bar) => Number.isInteger(bar) && bar >= 0 && bar <= 100)).toBe(true);
    expect(bars).toEqual([...bars].sort((a, b) => a - b));
    expect(bars.at(-1)).toBe(100);
    expect(bars.filter((bar) => bar === 100)).toHaveLength(1);
  });
}
