// A pipeline whole, in the real daemon: a URL comes in, is downloaded, analysed, and delivered to a folder.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobItem } from '../../appliance/contract/api.ts';
import { PipelineList } from '../../appliance/contract/pipeline-api.ts';
import { ResultDocument, SubmitAnswer } from '../../appliance/daemon/serve/schemas.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { openVideoServer, serveFile } from '../transfers/video-server.ts';

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const why = noFfmpeg === null ? '' : ` (${noFfmpeg})`;

describe.skipIf(noFfmpeg !== null)(`a daemon with pipelines.yaml${why}`, () => {
  let media: MediaFolder;
  let video: Buffer;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const codec = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
    video = readFileSync(await media.make('a.mp4', ...media.pattern('320x240', 25, 1), ...codec));
  });
  afterAll(() => media.close());

  it('downloads, analyses and delivers, and its bar never goes back', { timeout: 60_000 }, async () => {
    const [folder, archive] = [tempData(), tempData()];
    const config = join(folder, 'vedette.yaml');
    writeFileSync(config, 'downloads: { allow: [127.0.0.1] }\n');
    writeFileSync(
      join(folder, 'pipelines.yaml'),
      `pipelines: { archive: { description: To the share, stages: { download: 30, analyse: { weight: 60, tools: [detect] }, deliver: { to: [share] } } } }
targets: { share: { kind: folder, path: ${archive} } }`,
    );
    const daemon = await startDaemon({ folder, env: { VEDETTE_CONFIG: config } });
    const server = await openVideoServer((request, response) => serveFile(request, response, video));
    const ask = async (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Asked> => {
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers };
      const answer = await fetch(daemon.url + path, sent);
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    };

    const { pipelines } = PipelineList.parse((await ask('/v1/pipelines')).body);
    expect(pipelines).toMatchObject([
      { name: 'archive', tools: ['detect'], delivers_to: [{ target: 'share', place: `${archive}/<job_id>/` }] },
    ]);

    const wish = { url: `${server.url}/videos/gate%203.mp4?token=hidden-word`, pipeline: 'archive' };
    const first = await ask('/v1/jobs', wish, { 'Idempotency-Key': 'once' });
    expect(first.status).toBe(200);
    const { job_id: id, plugin, tool } = SubmitAnswer.parse(first.body);
    expect({ plugin, tool }).toEqual({ plugin: 'yolo-tracker', tool: 'video_player_detection' });
    const again = await ask('/v1/jobs', wish, { 'Idempotency-Key': 'once' });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(SubmitAnswer.parse(again.body).job_id).toBe(id);
    const other = await ask('/v1/jobs', { ...wish, confidence: 0.9 }, { 'Idempotency-Key': 'once' });
    expect(other.status).toBe(409);

    const seen: JobItem[] = [];
    for (;;) {
      const { jobs } = (await ask('/v1/jobs')).body as { jobs: unknown[] };
      const job = JobItem.loose().parse(jobs[0]);
      seen.push(job);
      if (job.status === 'completed' || job.status === 'failed') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const done = seen.at(-1);
    expect(done).toMatchObject({ status: 'completed', progress: 100, pipeline: 'archive', source_name: 'gate 3.mp4' });
    expect(done?.source_url).toBe(`${server.url}/videos/gate%203.mp4`);
    expect(done?.deliveries).toMatchObject([{ target: 'share', files: 3, place: `${archive}/${id}/` }]);
    expect(done?.stages.map(({ stage }) => stage)).toEqual([
      'downloading',
      'probing',
      'analyzing',
      'packaging',
      'delivering',
    ]);
    const bars = seen.map(({ progress }) => progress ?? -1);
    expect(bars).toEqual([...bars].sort((a, b) => a - b));
    expect(readdirSync(join(archive, id)).sort()).toEqual(['frames.ndjson', 'result.json', 'summary.json']);
    const result = ResultDocument.parse(JSON.parse(readFileSync(join(archive, id, 'result.json'), 'utf8')));
    expect(result.frames).toHaveLength(25);
    expect(await (await fetch(`${daemon.url}/v1/jobs/${id}/result`)).json()).toEqual(result);
    expect(JSON.stringify(daemon.log)).not.toContain('hidden-word');

    const refused = await ask('/v1/jobs', { url: 'http://169.254.169.254/latest', tool: 'detect' });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('vedette-fault')).toBe('source-url-refused');
    expect(refused.body).toMatchObject({ detail: expect.stringContaining('link-local') as string });
    expect((await ask('/v1/jobs', { url: server.url })).body).toMatchObject({
      detail: [{ type: 'missing', loc: ['body', 'tool'] }],
    });
    expect((await ask('/v1/jobs', { url: server.url, pipeline: 'archiv' })).body).toEqual({
      detail: 'There is no pipeline "archiv". Near: "archive".',
    });
    expect(await daemon.stop()).toBe(0);
  });
});
