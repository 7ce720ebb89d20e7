// How an annotated video comes about: in step with tools of every kind, in a pass of its own, or not at all.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { productFiles } from '../../../appliance/contract/products.ts';
import { chooseEncoder } from '../../../appliance/worker/annotate/encoders.ts';
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';
import { fillDisk, smallDisk, whyNoDisk } from '../../support/small-disk.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { folder, Host, linesIn, shownAt, streamOf } from './work.ts';

const noDisk = whyNoDisk();

describe.skipIf(noFfmpeg !== null)(`annotating${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let host: Host;
  let input: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    host = await Host.open(media);
    const sound = ['-f', 'lavfi', '-i', 'sine=d=2'];
    const coded = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-bf', '2', '-c:a', 'aac'];
    input = await media.make('clip.mp4', ...media.pattern('320x192', 25, 2), ...sound, ...coded);
  });
  afterAll(async () => {
    host.close();
    await media.close();
  });

  async function isWhole({ directory, annotated }: { directory: string; annotated: string }) {
    const [lines, shown] = [await linesIn(directory), await shownAt(annotated)];
    expect([lines.length, shown.length]).toEqual([50, 50]);
    for (const [at, { pts_s }] of lines.entries()) expect(shown[at]).toBeCloseTo(pts_s, 3);
    expect(await streamOf(annotated, 'a:0')).not.toBeNull();
    const left = await readdir(directory);
    expect(left.filter((name) => name.startsWith('annotated'))).toEqual([productFiles.annotated]);
  }

  // The tee stands still when one of its branches is full: the pictures fit four frames, and no tool may wait for a fifth.
  test.each([
    ['plain', false],
    ['rests', false],
    ['looks 2 ahead', false],
    ['looks 3 ahead', true],
    ['looks 12 ahead', true],
    ['looks at all first', true],
  ] as const)('a tool (%s) is never held up', async (tool, again) => {
    const made = await host.work(input, { tool, stallMs: 900 });
    expect(made.again).toBe(again);
    await isWhole(made);
  });

  test.each([1, 30, 'annotating'])(
    'what was called off at %s is drawn from its lines when it goes on',
    async (cancelAt) => {
      const directory = await folder();
      await expect(host.work(input, { directory, cancelAt })).rejects.toMatchObject({ code: 'cancelled' });
      expect((await readdir(directory)).filter((name) => name.startsWith('annotated'))).toEqual([]);
      await isWhole(await host.work(input, { directory }));
    },
  );

  test.skipIf(noDisk !== null)(`a full disk holds it${noDisk === null ? '' : ` (${noDisk})`}`, async () => {
    const directory = smallDisk(3);
    const filling = join(directory, 'filling');
    fillDisk(directory, 60 * 1024);
    const held: (string | null)[] = [];
    const onHeld = (reason: string | null) => {
      held.push(reason);
      if (reason !== null) void rm(filling, { force: true });
    };
    await isWhole(await host.work(input, { directory, onHeld }));
    expect(held).toEqual([expect.stringContaining('the disk is full'), null]);
  });

  test('a file that an earlier worker left is no part of it', async () => {
    const directory = await folder();
    const first = await host.work(input, { directory });
    const bytes = await readFile(first.annotated);
    for (const name of ['checkpoint.a.json', 'checkpoint.b.json']) await rm(join(directory, name), { force: true });
    const second = await host.work(input, { directory });
    expect(second.done.products?.annotated_bytes).toBe(bytes.length);
    await isWhole(second);
  });

  test('where nothing encodes, the job is told so with what would help', async () => {
    const player = new Player(loadGStreamer());
    try {
      // No encoder takes it.
      const shape = { width: 70_000, height: 2, pixelAspect: '1/1', colorimetry: null };
      const choosing = chooseEncoder(player, { shape, threads: 1, fps: 25 }, new AbortController().signal);
      await expect(choosing).rejects.toMatchObject({
        code: 'annotation-failed',
        message: expect.stringMatching(/x264enc: .*apt-get install gstreamer1.0-plugins-ugly/) as string,
      });
    } finally {
      player.close();
    }
  });
});
