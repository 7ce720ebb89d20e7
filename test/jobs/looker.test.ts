// The worker that stays: what it sees of pictures, turn by turn, what it remembers, and what becomes of it.
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FoundObject, objectsIn } from '../../appliance/contract/found.ts';
import { Looker, type Look, type LookedAt, type LookerOptions } from '../../appliance/daemon/jobs/looker.ts';
import type { Supplied } from '../../appliance/daemon/jobs/supplied.ts';
import type { WorkerProcess } from '../../appliance/daemon/jobs/worker-process.ts';
import { WorkerSupply } from '../../appliance/daemon/jobs/worker-supply.ts';
import { everything } from '../support/everything.ts';
import { writePlugin } from '../support/plugin-folder.ts';
import { program } from '../support/program.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { exif, withExif } from '../worker/ingest/exif-block.ts';

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'models/demo/sample.mp4');
const log = pino({ level: 'silent' });

describe.skipIf(noFfmpeg !== null)(
  `pictures that are looked at now${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`,
  () => {
    let media: MediaFolder;
    let workers: WorkerSupply;
    let looker: Looker;
    /** Those that were taken, in their order. */
    const taken: WorkerProcess[] = [];
    let watched: LookerOptions['workers'];
    let jpegs: Buffer[];
    let png: Buffer;
    let narrow: Buffer;
    const never = new AbortController().signal;
    const basic = { stream: null, pluginId: 'yolo-tracker', tools: ['player_detection'] as [string], ptsS: 0 };
    const look = (picture: Uint8Array, more: Partial<Look> = {}) =>
      looker.look({ ...basic, picture, form: 'bytes', signal: never, ...more });

    function openLooker(more: Partial<LookerOptions> = {}): Looker {
      return new Looker({ workers: watched, detection: () => everything(), idle: () => true, log, ...more });
    }

    beforeAll(async () => {
      media = await MediaFolder.open();
      execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', '8', media.file('frame-%d.jpg')]);
      execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', '1', media.file('frame.png')]);
      jpegs = Array.from({ length: 8 }, (_, at) => readFileSync(media.file(`frame-${at + 1}.jpg`)));
      const crop = ['-frames:v', '1', '-vf', 'crop=400:720'];
      execFileSync('ffmpeg', ['-v', 'error', '-i', sample, ...crop, media.file('narrow.jpg')]);
      narrow = readFileSync(media.file('narrow.jpg'));
      png = readFileSync(media.file('frame.png'));
      workers = new WorkerSupply({
        entry: pathToFileURL(program('worker/main').entry),
        prepare: {
          type: 'prepare',
          model: { name: 'demo', path: join(root, 'models/demo.onnx') },
          providers: ['cpu'],
          threads: 1,
        },
        readyMs: 30_000,
        graceMs: 2000,
        log,
      });
      await workers.open();
      const note = (supplied: Supplied) => {
        taken.push(supplied.worker);
        return supplied;
      };
      watched = {
        get prepare() {
          return workers.prepare;
        },
        get stocked() {
          return workers.stocked;
        },
        take: (signal) => workers.take(signal).then(note),
        takeOther: (prepare, signal) => workers.takeOther(prepare, signal).then(note),
        refill: () => workers.refill(),
      };
      looker = openLooker();
    });
    afterAll(async () => {
      looker.close();
      await workers.close();
      await media.close();
    });

    const found = ({ outputs }: LookedAt) => objectsIn({ frame_index: 0, pts_s: 0, ...outputs });
    const jpeg = (at: number) => jpegs[at] ?? Buffer.alloc(0);

    test('PNG, JPEG and base64 of either show the same things', async () => {
      const url = `data:image/png;base64,${png.toString('base64').replaceAll('/', '\\/')}`;
      const seen = await Promise.all([
        look(jpeg(0)),
        look(png),
        look(Buffer.from(png.toString('base64')), { form: 'text' }),
        look(Buffer.from(url), { form: 'text' }),
      ]);
      const [first, ...others] = seen.map((one) => found(one));
      expect(first?.length).toBeGreaterThan(3);
      for (const objects of others) expect(objects.map(({ className }) => className).sort()).toEqual(names(first));
      expect(seen[0]).toMatchObject({ width: 1280, height: 720 });
      expect(seen[0].ms).toBeGreaterThan(0);
    });

    test('a picture is turned as its EXIF says', async () => {
      const turned = await look(withExif(jpeg(0), exif(6, 'MM')));
      expect(turned).toMatchObject({ width: 720, height: 1280 });
    });

    test.each([
      ['text', () => Buffer.from('no picture'.repeat(20)), /neither a PNG nor a JPEG/],
      ['half a JPEG', () => jpeg(0).subarray(0, jpeg(0).length / 2), /cut off or damaged/],
      ['half a PNG', () => png.subarray(0, png.length / 2), /cut off or damaged/],
      ['nothing', () => Buffer.alloc(0), /cut off or damaged/],
    ])('%s is refused in words, and the next picture is seen', async (_, picture, words) => {
      await expect(look(picture())).rejects.toMatchObject({ code: 'source-undecodable' });
      await expect(look(picture())).rejects.toThrow(words);
      expect(found(await look(jpeg(0))).length).toBeGreaterThan(3);
    });

    test('several tools look at one picture, and each says its own', async () => {
      const tools = ['player_detection', 'video_player_tracking'] as [string, string];
      const { outputs } = await look(jpeg(0), { tools, stream: 'both' });
      expect(Object.keys(outputs)).toEqual(tools);
      expect(outputs).toMatchObject({
        player_detection: { detections: { xyxy: expect.any(Array) as unknown } },
        video_player_tracking: { detections: { tracked_objects: expect.any(Array) as unknown } },
      });
      await expect(look(jpeg(0), { tools: ['nothing'] })).rejects.toMatchObject({ code: 'tool-not-found' });
    });

    test('who follows things remembers them by stream, until it is over', async () => {
      const track = async (stream: string, at: number) =>
        found(await look(jpeg(at), { tools: ['video_player_tracking'], stream, ptsS: at / 25 })).map(
          (one) => one.trackId,
        );
      const first = await track('one', 0);
      expect(first.length).toBeGreaterThan(3);
      const other = await track('two', 0);
      expect(other).toEqual(first);
      const [second] = [await track('one', 1), await track('one', 2)];
      // Who is seen again keeps its number.
      expect(second.filter((id) => first.includes(id)).length).toBeGreaterThan(2);
      for (let at = 3; at < 8; at++) await track('one', at);
      looker.forget('one');
      expect(await track('one', 0)).toEqual(first);
    });

    test('a tool of a plugin from outside looks at pictures as well, and remembers', async () => {
      const path = writePlugin('largest-object', media.file('largest-object'));
      const place = { id: 'largest-object', path: realpathSync(path) };
      const plugins = { placeOf: (id: string) => Promise.resolve(id === place.id ? place : null) };
      const beside = openLooker({ plugins, idle: () => false });
      const follow = { stream: 's', pluginId: place.id, tools: ['follow_largest'] as [string], signal: never };
      const seen = [];
      for (const at of [0, 1, 2]) {
        const picture = jpeg(at);
        seen.push(
          found(await beside.look({ ...follow, picture, form: 'bytes', ptsS: at / 25 })).map((one) => one.trackId),
        );
      }
      expect(seen).toEqual([[1], [1], [1]]);
      beside.close();
    });

    test('streams get their turns in the order in which they ask', async () => {
      const order: string[] = [];
      const ask = (stream: string) => look(jpeg(0), { stream }).then(() => order.push(stream));
      await Promise.all(['a', 'b', 'c', 'a', 'b'].map(ask));
      expect(order).toEqual(['a', 'b', 'c', 'a', 'b']);
    });

    test('a worker that dies costs the picture that it looked at, and another one follows', async () => {
      await look(jpeg(0));
      // Enough of them to be under way for as long as it takes to look its process up.
      const looks = Array.from({ length: 20 }, () => look(jpeg(0)));
      for (const worker of taken) worker.kill();
      const lost = (await Promise.allSettled(looks)).filter(({ status }) => status === 'rejected');
      expect(lost).toMatchObject([{ reason: { code: 'worker-died' } }]);
      expect(found(await look(jpeg(0))).length).toBeGreaterThan(3);
    });

    test('a picture that takes too long is given up, with its worker', async () => {
      const hasty = openLooker({ hangMs: 1 });
      const basicLook = { ...basic, picture: png, form: 'bytes' as const, signal: never };
      await expect(hasty.look(basicLook)).rejects.toMatchObject({ code: 'worker-hung' });
      hasty.close();
    });

    test('without pictures the worker is given back; who asks again gets another', async () => {
      const brief = openLooker({ idleMs: 50 });
      const basicLook = { ...basic, picture: jpeg(0), form: 'bytes' as const, signal: never };
      await brief.look(basicLook);
      await taken.at(-1)?.gone;
      expect(found(await brief.look(basicLook)).length).toBeGreaterThan(3);
      brief.close();
    });

    test('beside jobs it takes a worker of its own, and leaves them their spare', async () => {
      await workers.open();
      const beside = openLooker({ idle: () => false });
      await beside.look({ ...basic, picture: jpeg(0), form: 'bytes', signal: never });
      expect(workers.stocked).toBe(true);
      beside.close();
    });

    test('pictures of ever other sizes and turns wear a worker out, and another one follows unnoticed', async () => {
      const before = taken.length;
      const turned = [jpeg(0), narrow].flatMap((one) =>
        [1, 2, 3, 4, 5, 6, 7, 8].map((way) => withExif(one, exif(way, 'II'))),
      );
      for (const picture of [...turned, ...turned, ...turned]) expect((await look(picture)).width).toBeGreaterThan(0);
      expect(taken.length).toBeGreaterThan(before);
    });

    test('nobody who has gone away is waited for', async () => {
      const away = new AbortController();
      const [first, second] = [look(jpeg(0)), look(jpeg(0), { signal: away.signal })];
      away.abort();
      await expect(second).rejects.toMatchObject({ code: 'cancelled' });
      expect(found(await first).length).toBeGreaterThan(3);
    });

    test('a closed one answers everybody', async () => {
      const closing = openLooker();
      const waiting = [0, 1, 2].map((at) =>
        closing.look({ ...basic, picture: jpeg(at), form: 'bytes', signal: never }),
      );
      closing.close();
      for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'cancelled' });
    });
  },
);

function names(objects: readonly FoundObject[] | undefined): string[] | undefined {
  return objects?.map(({ className }) => className).sort();
}
