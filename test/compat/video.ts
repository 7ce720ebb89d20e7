// §2: video jobs in the 0.9.6 dialect, and what the 0.16.7 web UI needs.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { detect, nobody, plugin, track, utc } from './api.ts';
import type { Bench } from './bench.ts';
import { hollow } from './media.ts';

const Submitted = z.object({ job_id: z.uuid() });
const submit = '/v1/video/submit';

export function videoCases(bench: () => Bench): void {
  test('§2 POST /v1/video/submit: one tool is answered as tool, several as tools', async () => {
    const { api } = bench();
    const one = await api.send(`${submit}?plugin_id=${plugin}&tool=${detect}`, hollow);
    const head = { plugin, status: 'queued', submitted_at: utc };
    expect([one.status, one.body]).toEqual([200, { ...head, job_id: expect.any(String) as string, tool: detect }]);
    const two = await api.send(`${submit}?plugin_id=${plugin}&tool=${detect}&tool=${track}`, hollow);
    expect(two.body).toEqual({ ...head, job_id: expect.any(String) as string, tools: [detect, track] });
    for (const answer of [one, two]) await api.drop(answer);
  });

  test('§2 POST /v1/video/submit: the checks come in their order, each in its own words', async () => {
    const { api } = bench();
    const refused = async (query: string, content: Uint8Array, detail: unknown) => {
      const answer = await api.send(`${submit}?${query}`, content);
      expect([answer.status, answer.body]).toEqual([400, { detail }]);
    };
    const junk = Buffer.from('no video');
    await refused('plugin_id=P&tool=T', junk, "Plugin 'P' not found");
    const missing: unknown = expect.stringMatching(
      /^Tool 'T' not found in plugin 'yolo-tracker'\. Available: \['.+'\]$/,
    );
    await refused(`plugin_id=${plugin}&tool=T`, junk, missing);
    const unfit = "Tool 'player_detection' does not support video input (input_types: ['image_bytes'])";
    await refused(`plugin_id=${plugin}&tool=player_detection`, junk, unfit);
    await refused(`plugin_id=${plugin}&tool=${detect}`, junk, expect.stringMatching(/^Invalid MP4 file/));
  });

  test('§2 POST /v1/video/submit: a missing query or file is 422', async () => {
    const { api } = bench();
    const noPlugin = await api.send(`${submit}?tool=${detect}`, hollow);
    expect([noPlugin.status, noPlugin.body]).toMatchObject([422, { detail: [{ loc: ['query', 'plugin_id'] }] }]);
    const noTool = await api.send(`${submit}?plugin_id=${plugin}`, hollow);
    expect([noTool.status, noTool.body]).toMatchObject([422, { detail: [{ loc: ['query', 'tool'] }] }]);
    const noFile = await api.call('POST', `${submit}?plugin_id=${plugin}&tool=${detect}`, { body: new FormData() });
    expect([noFile.status, noFile.body]).toMatchObject([422, { detail: [{ loc: ['body', 'file'] }] }]);
  });

  test('§2 a file that carries the magic and nothing decodable is accepted, and its job fails with a reason', async () => {
    const { api } = bench();
    const id = await api.submit(hollow, `tool=${detect}`);
    const told = await api.ended(id, 'failed');
    expect(told.every((progress) => progress !== 100)).toBe(true);
    expect((await api.fields(`/v1/jobs/${id}`))['error_message']).toMatch(/\w+ .+\./);
    expect((await api.get(`/v1/video/results/${id}`)).body).toEqual({ detail: 'Job not completed' });
  });

  test('§2 GET /v1/video/status/{id}: exactly five keys', async () => {
    const { api, done } = bench();
    expect(await api.fields(`/v1/video/status/${done.video}`)).toEqual({
      ...{ job_id: done.video, status: 'completed', progress: 100, created_at: utc, updated_at: utc },
    });
  });

  test('§2 GET /v1/video/status/{id} sends ETag and honours If-None-Match', async () => {
    const { api, done } = bench();
    const path = `/v1/video/status/${done.video}`;
    const etag = (await api.get(path)).headers.get('etag') ?? '';
    expect(etag).not.toBe('');
    expect(await api.get(path, { 'If-None-Match': etag })).toMatchObject({ status: 304, text: '' });
  });

  test('§2 GET /v1/video/results/{id}: every decoded frame, in the older shape', async () => {
    const { api, done } = bench();
    const Frames = z.object({ results: z.object({ results: z.object({ frames: z.array(z.unknown()) }) }) });
    const detections = {
      ...{ xyxy: expect.any(Array) as unknown, confidence: expect.any(Array) as unknown },
      ...{ class_id: expect.any(Array) as unknown, class_name: expect.any(Array) as unknown },
    };
    const body = await api.fields(`/v1/video/results/${done.video}`);
    const { frames } = Frames.parse(body).results.results;
    expect(frames).toHaveLength(25);
    expect(frames[0]).toEqual({ frame_index: 0, pts_s: 0, detections });
    expect(frames[24]).toMatchObject({ frame_index: 24, pts_s: 0.96 });
    const summary = {
      ...{ total_frames: 25, total_detections: expect.any(Number) as number, classes: expect.any(Object) as object },
      ...{ fps: 25, duration_s: expect.closeTo(1, 1) as number },
    };
    expect(body).toEqual({
      ...{ job_id: done.video, status: 'completed', created_at: utc, updated_at: utc },
      results: { plugin_id: plugin, tool: detect, results: { frames, summary } },
      ...{ tool: null, tool_list: null, job_type: null, error_message: null, progress: null },
    });
    expect((await api.get(`/v1/video/results/${nobody}`)).body).toEqual({ detail: 'Job not found' });
  });

  test('§2 the frames of video_player_tracking hold tracked objects', async () => {
    const { api, done } = bench();
    const Page = z.object({
      frames: z.array(z.object({ detections: z.object({ tracked_objects: z.array(z.unknown()) }) })),
    });
    const { frames } = Page.parse(await api.fields(`/v1/jobs/${done.tracked}/frames?limit=25`));
    const number = expect.any(Number) as number;
    expect(frames.flatMap((frame) => frame.detections.tracked_objects)[0]).toEqual({
      ...{ track_id: number, class_id: number, class: expect.any(String) as string, confidence: number },
      ...{ xyxy: [number, number, number, number], center: [number, number] },
    });
  });

  test('§2 several tools: one line a frame with what each of them says', async () => {
    const { api, done } = bench();
    const page = await api.fields(`/v1/jobs/${done.several}/frames?limit=1`);
    expect(page['frames']).toMatchObject([
      { frame_index: 0, pts_s: 0, [detect]: { detections: {} }, [track]: { detections: {} } },
    ]);
    expect(await api.fields(`/v1/jobs/${done.several}`)).toMatchObject({
      ...{ job_type: 'video_multi', tools: [detect, track], tool_list: [detect, track] },
      ...{ tools_total: 2, tools_completed: 2 },
    });
  });

  test('§2 logical_tool_id: a capability stands for the tool that has it, and not beside a tool', async () => {
    const { api } = bench();
    const capable = await api.send(`${submit}?plugin_id=${plugin}&logical_tool_id=player_detection`, hollow);
    expect(capable.body).toMatchObject({ tool: detect });
    await api.drop(capable);
    for (const query of [`logical_tool_id=player_detection&tool=${detect}`, 'logical_tool_id=nothing']) {
      const refused = await api.send(`${submit}?plugin_id=${plugin}&${query}`, hollow);
      expect([refused.status, refused.body]).toEqual([400, { detail: expect.any(String) as string }]);
    }
  });

  test('§2 POST /v1/video/upload, then POST /v1/video/job: one upload, several jobs', async () => {
    const { api, media } = bench();
    const kept = await api.send(`/v1/video/upload?plugin_id=${plugin}`, media.video);
    const form = expect.stringMatching(/^video\/input\/[0-9a-f-]{36}\.mp4$/) as string;
    expect([kept.status, kept.body]).toEqual([200, { video_path: form }]);
    const { video_path } = z.object({ video_path: z.string() }).parse(kept.body);
    const jobs = new Set<string>();
    for (const lockedTools of [[detect], [track]]) {
      const answer = await api.post('/v1/video/job', { plugin_id: plugin, video_path, lockedTools });
      expect([answer.status, answer.body]).toEqual([200, { job_id: expect.any(String) as string }]);
      const { job_id: id } = Submitted.parse(answer.body);
      jobs.add(id);
      const input = await api.get(`/v1/jobs/${id}/video`, { Range: 'bytes=4-7' });
      expect(input.headers.get('content-range')).toBe(`bytes 4-7/${media.video.length}`);
      expect(await api.fields(`/v1/jobs/${id}`)).toMatchObject({ job_type: 'video', tool: lockedTools[0] });
      await api.drop(answer);
    }
    expect(jobs.size).toBe(2);
  });

  test('§2 POST /v1/video/job: a path that upload did not return', async () => {
    const { api } = bench();
    for (const video_path of [`video/input/${nobody}.mp4`, 'video/input/../../etc/passwd', '/etc/passwd']) {
      const answer = await api.post('/v1/video/job', { plugin_id: plugin, video_path, lockedTools: [detect] });
      expect([answer.status, answer.body]).toEqual([400, { detail: `Video file not found: ${video_path}` }]);
    }
  });
}
