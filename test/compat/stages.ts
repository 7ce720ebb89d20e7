// §3: the stages dialect.
import { expect, test } from 'vitest';
import { nobody, utc } from './api.ts';
import type { Bench } from './bench.ts';

const older = {
  ...{ queued: 0, downloading: 5, downloaded: 15, uploading: 18, processing_started: 20, transcribing: 25 },
  ...{ analyzing: 50, processing: 70, uploading_clips: 90, completed: 100, failed: 0, error: 0, cancelled: 0 },
  ...{ posting_tiktok: 80, posting_instagram: 85, posting_completed: 100 },
};

export function stageCases(bench: () => Bench): void {
  test('§3 GET /api/stages: flat, in this order', async () => {
    const stages = await bench().api.fields('/api/stages');
    expect(Object.entries(stages)).toEqual(Object.entries(older));
  });

  test('§3 GET /api/stages?pipeline=detect: the real stages with their weights', async () => {
    const stages = await bench().api.fields('/api/stages?pipeline=detect');
    expect(Object.keys(stages)).toContain('analyzing');
    expect(Object.values(stages).reduce<number>((sum, weight) => sum + Number(weight), 0)).toBeCloseTo(100);
  });

  test.each(['/api/status', '/status'])('§3 GET %s/{id}', async (path) => {
    const { api, done } = bench();
    expect(await api.fields(`${path}/${done.video}`)).toEqual({
      ...{ status: 'completed', progress: 100, message: expect.any(String) as string },
      ...{ video_id: expect.any(String) as string, process_task_id: expect.any(String) as string },
      ...{ created_at: utc, updated_at: utc },
    });
    expect(await api.fields(`${path}/${nobody}`, 404)).toEqual({ detail: 'Task not found' });
  });
}
