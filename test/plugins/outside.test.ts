// Plugins from outside in the real daemon, whose workers are confined as far as this machine lets them be.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { openAsBlob } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { JobItem } from '../../appliance/contract/api.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { writeFiles, writePlugin } from '../support/plugin-folder.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { colourModel } from '../worker/onnx-file.ts';

const Item = JobItem.pick({ status: true, summary: true, error: true });
const Listed = z.array(
  z.looseObject({ name: z.string(), state: z.string(), reason: z.string().nullable(), version: z.string() }),
);

/** A plugin with one tool, which sees one thing of this class in every frame. */
function seer(id: string, version: string, seen: string, before = ''): Record<string, string> {
  const manifest = { id, name: id, version, tools: [{ id: 'see', input_types: ['video'] }] };
  const tool = { ...manifest.tools[0], output_types: ['video_detections'], capabilities: [] };
  return {
    'package.json': '{"type":"module","main":"main.js"}',
    'main.js': `
      ${before}
      import { seen } from './lib/seen.js';
      async function* run({ frames, onProgress }) {
        for await (const { index, ptsS } of frames) {
          const detections = { xyxy: [[1, 2, 3, 4]], confidence: [1], class_id: [0], class_name: [seen] };
          yield { frame_index: index, pts_s: ptsS, detections };
          onProgress(index + 1, null);
          if (globalThis.slowly ?? ${String(version === 'slow')}) await new Promise((done) => setTimeout(done, 40));
        }
      }
      export default { manifest: ${JSON.stringify({ ...manifest, tools: [tool] })}, tools: { see: { run } } };
    `,
    'lib/seen.js': `export const seen = '${seen}';`,
  };
}

describe.skipIf(noFfmpeg !== null)(`plugins from outside${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let daemon: RunningDaemon;
  let folder: string;
  let kill = (): Promise<void> => Promise.resolve();
  let clip: string;

  beforeAll(async () => {
    media = await MediaFolder.open();
    folder = mkdtempSync(join(tmpdir(), 'vedette-plugins-'));
    const data = join(folder, 'data');
    mkdirSync(data);
    clip = await media.make('red.mp4', '-f', 'lavfi', '-i', 'color=red:s=64x64:r=25:d=2', '-c:v', 'libx264');
    writeFileSync(media.file('colours.onnx'), colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    const at = (name: string) => join(folder, name);
    const plugins = [
      writePlugin('largest-object', at('largest')),
      writePlugin('wicked', at('wicked')),
      writeFiles(at('changing'), seer('changing', 'slow', 'old')),
      writeFiles(at('first/twin'), seer('twin', '1', 'one')),
      writeFiles(at('second/twin'), seer('twin', '2', 'two')),
      writeFiles(at('aborting'), seer('aborting', '1', 'x', 'process.abort();')),
      writeFiles(at('impostor'), seer('yolo-tracker', '1', 'x')),
      writeFiles(at('badly-made'), {
        'index.mjs': `export const plugin = { manifest: { id: 'no good', tools: [{ id: 'detections', speed: 1 }] }, tools: {} };`,
      }),
      writeFiles(at('careless'), { ...seer('careless', '1', 'x'), '.env': 'PASSWORD=1' }),
      writeFiles(join(data, 'inside'), seer('inside', '1', 'x')),
      at('missing'),
      '/',
    ];
    const config = writeFiles(at('config'), {
      'vedette.yaml': JSON.stringify({
        plugins: plugins.map((path) => ({ path })),
        jobs: { running: 2, stall_s: 2 },
        worker: { memory_mb: 900 },
        model: { providers: ['cpu'], threads: 1 },
      }),
    });
    daemon = await startDaemon({
      folder: data,
      env: {
        VEDETTE_CONFIG: join(config, 'vedette.yaml'),
        VEDETTE_MODELS: media.path,
        VEDETTE_MODEL: 'colours',
      },
      atEnd: (end) => (kill = end),
    });
    await daemon.logged('ready for jobs');
    await vi.waitUntil(async () => (await list()).every(({ state }) => state !== 'loading'), { timeout: 50_000 });
  });
  afterAll(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
    await media.close();
  });

  async function list(): Promise<z.infer<typeof Listed>> {
    return Listed.parse(await (await fetch(`${daemon.url}/v1/plugins`)).json());
  }

  async function plugin(name: string) {
    return (await list()).find((one) => one.name === name);
  }

  async function submit(pluginId: string, tool: string): Promise<string> {
    const form = new FormData();
    form.set('file', await openAsBlob(clip), 'red.mp4');
    const path = `/v1/video/submit?plugin_id=${pluginId}&tool=${tool}`;
    const answer = await fetch(`${daemon.url}${path}`, { method: 'POST', body: form });
    expect(answer.status, await answer.clone().text()).toBe(200);
    return z.object({ job_id: z.uuid() }).parse(await answer.json()).job_id;
  }

  async function ended(id: string): Promise<z.infer<typeof Item>> {
    for (;;) {
      const job = Item.parse(await (await fetch(`${daemon.url}/v1/jobs/${id}`)).json());
      if (job.status === 'completed' || job.status === 'failed') return job;
      await wait(50);
    }
  }

  const run = async (pluginId: string, tool: string) => ended(await submit(pluginId, tool));

  test('all are listed, each with what is wrong with it, and the others work', async () => {
    const states = Object.fromEntries((await list()).map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      'yolo-tracker': 'ready',
      'largest-object': 'ready',
      wicked: 'ready',
      twin: 'ready',
    });
    const reasons = Object.fromEntries((await list()).map(({ name, reason }) => [name, reason]));
    expect(reasons).toMatchObject({
      'twin-2': 'Its id twin is that of the plugin in the folder twin.',
      aborting: 'The process that loaded it ended before it was loaded: signal SIGABRT.',
      impostor: 'Its id yolo-tracker is that of a built-in plugin.',
      careless: 'Its folder holds .env, which looks like a secret.',
      inside: 'It lies in the data folder, where no plugin may be.',
      missing: 'Its folder cannot be read (ENOENT).',
    });
    for (const mistake of ['manifest.id: ', 'manifest.name: ', 'manifest.version: ', 'tools.0.id: ', '"speed"'])
      expect(reasons['badly-made']).toContain(mistake);
    const system = z.object({ state: z.string(), reasons: z.array(z.string()) });
    const { state, reasons: told } = system.parse(await (await fetch(`${daemon.url}/v1/system`)).json());
    expect(state).toBe('degraded');
    expect(told.join(' ')).toContain('The plugin careless cannot be used. Its folder holds .env');
    expect((await run('yolo-tracker', 'detect')).status).toBe('completed');
  });

  test('a job runs on a tool from outside, which is counted for its plugin', async () => {
    const manifest: unknown = await (await fetch(`${daemon.url}/v1/plugins/largest-object/manifest`)).json();
    expect(manifest).toMatchObject({ type: 'outside', tools: [{ id: 'largest' }, {}, { inputs: {}, outputs: {} }] });
    const job = await run('largest-object', 'largest');
    expect(job).toMatchObject({ status: 'completed', summary: { frame_count: 50, detection_count: 50 } });
    expect(await plugin('largest-object')).toMatchObject({ success_count: 1, error_count: 0 });
  });

  test(
    'a plugin that crashes, spins or takes all memory loses its job, and is named',
    { timeout: 120_000 },
    async () => {
      const tools = ['spins', 'crashes', 'leaks'] as const;
      const jobs = await Promise.all(tools.map((tool) => run('wicked', tool)));
      const [hung, crashed, leaked] = jobs.map(({ error }) => error);
      expect(crashed).toMatch(/^The plugin wicked \(crashes\) crashed at frame \d+ \(.* s\)\. .*: signal SIGSEGV\.$/);
      expect(hung).toMatch(/^The plugin wicked \(spins\) hung at frame \d+ \(.* s\)\. /);
      expect(leaked).toMatch(/more than the 900 MB .* It ran the plugin wicked \(leaks\)\.$/);
      expect(await plugin('wicked')).toMatchObject({ state: 'ready', success_count: 0, error_count: 3 });
      expect((await run('yolo-tracker', 'detect')).status).toBe('completed');
    },
  );

  test('a change is loaded by itself: a job that runs goes on with the old code, the next one has the new', async () => {
    const before = await submit('changing', 'see');
    await expect.poll(async () => (await plugin('changing'))?.state).toBe('busy');
    await expect
      .poll(async () => {
        const status = z.object({ progress: z.number().nullable() });
        return status.parse(await (await fetch(`${daemon.url}/v1/video/status/${before}`)).json()).progress;
      })
      .toBeGreaterThan(1);
    writeFiles(join(folder, 'changing'), seer('changing', 'quick', 'new'));
    await expect.poll(async () => (await plugin('changing'))?.version).toBe('quick');
    expect((await run('changing', 'see')).summary?.classes).toEqual(['new']);
    expect((await ended(before)).summary?.classes).toEqual(['old']);
  });

  test('a folder that takes the place of another is loaded, and shown to workers as well', async () => {
    const [place, other] = [join(folder, 'changing'), join(folder, 'other')];
    rmSync(place, { recursive: true });
    await expect.poll(async () => (await plugin('changing'))?.state).toBe('broken');
    writeFiles(other, seer('changing', 'elsewhere', 'elsewhere'));
    symlinkSync(other, place);
    await expect.poll(async () => (await plugin('changing'))?.version).toBe('elsewhere');
    expect((await run('changing', 'see')).summary?.classes).toEqual(['elsewhere']);
  });

  test('a reload that is asked for tells what became of it', async () => {
    const reload = (name: string) => fetch(`${daemon.url}/v1/plugins/${name}/reload`, { method: 'POST' });
    appendFileSync(join(folder, 'first/twin/main.js'), '\nthrow new RangeError("not today");');
    const answer = await reload('twin');
    expect(answer.status).toBe(200);
    const reason = 'It cannot be loaded: RangeError: not today';
    expect(await answer.json()).toMatchObject({ name: 'twin', state: 'broken', reason });
    expect([(await reload('yolo-tracker')).status, (await reload('nobody')).status]).toEqual([403, 404]);
  });
});
