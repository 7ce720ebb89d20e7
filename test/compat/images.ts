// §2: pictures as jobs.
import { expect, test } from 'vitest';
import { plugin, utc } from './api.ts';
import type { Bench } from './bench.ts';

export function imageCases(bench: () => Bench): void {
  test('§2 POST /v1/image/submit: PNG or JPEG, as video', async () => {
    const { api, media } = bench();
    const answer = await api.send(`/v1/image/submit?plugin_id=${plugin}&tool=player_detection`, media.jpeg, 'a.jpg');
    const job_id = expect.any(String) as string;
    const told = { job_id, plugin, tool: 'player_detection', status: 'queued', submitted_at: utc };
    expect([answer.status, answer.body]).toEqual([200, told]);
    await api.drop(answer);
    const refused = await api.send(`/v1/image/submit?plugin_id=${plugin}&tool=player_detection`, media.video);
    expect([refused.status, refused.body]).toEqual([400, { detail: 'Invalid image file (expected PNG or JPEG)' }]);
  });

  test('§2 the results of a picture stand in its job, as one frame', async () => {
    const { api, done } = bench();
    const job = await api.fields(`/v1/jobs/${done.image}`);
    expect(job).toMatchObject({
      ...{ job_type: 'image', status: 'completed', total_frames: 1 },
      results: { tool: 'player_detection', results: { frames: [{ frame_index: 0 }], summary: { total_frames: 1 } } },
    });
  });
}
