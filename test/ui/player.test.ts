// The boxes' place on the player, on a real daemon: which frame the picture is, and where the colour of the boxes lies.
import { execFileSync } from 'node:child_process';
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type FoundObject, objectsIn } from '../../appliance/contract/found.ts';
import { type Box, ResultFrame } from '../../appliance/contract/frame.ts';
import { classColour } from '../../ui/src/picture/class-colour.ts';
import { startDaemon } from '../support/daemon.ts';
import { findChromium } from './find-chromium.ts';
import { sampleVideo } from './result-server.ts';

const executablePath = findChromium();
if (executablePath === null) process.stderr.write('SKIPPED test/ui/player: no chromium or google-chrome in PATH\n');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
/** Of the small grey pictures by which frames are told apart. */
const [across, down] = [320, 180];

/** In the page: where on the overlay the colour of a box lies beside its edges; the share of points that have it. */
const colourAtEdges = `(function (boxes) {
  const canvas = document.querySelector('.player [aria-hidden] > canvas');
  const context = canvas.getContext('2d');
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const density = devicePixelRatio;
  const probe = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const isColour = (x, y, colour) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return false;
    const at = (y * width + x) * 4;
    return data[at + 3] > 250 && [0, 1, 2].every((n) => Math.abs(data[at + n] - colour[n]) < 12);
  };
  return boxes.map(({ box, colour: name }) => {
    probe.fillStyle = name;
    probe.fillRect(0, 0, 1, 1);
    const colour = probe.getImageData(0, 0, 1, 1).data;
    const [x1, y1, x2, y2] = box.map((value, n) => (value * (n % 2 === 0 ? width / 1280 : height / 720)));
    const reach = Math.round(2 * density);
    let [hits, points] = [0, 0];
    for (const x of [x1, x2]) {
      for (let share = 0.35; share < 0.96; share += 0.05) {
        const y = Math.round(y1 + (y2 - y1) * share);
        points += 1;
        for (let off = -reach; off < reach; off += 1) {
          if (isColour(Math.round(x) + off, y, colour)) { hits += 1; break; }
        }
      }
    }
    return hits / points;
  });
})`;

/** In the page: the video's picture, small and grey. */
const greyPicture = `(() => {
  const canvas = new OffscreenCanvas(${across}, ${down});
  const context = canvas.getContext('2d');
  context.drawImage(document.querySelector('video'), 0, 0, ${across}, ${down});
  const { data } = context.getImageData(0, 0, ${across}, ${down});
  return Array.from({ length: ${across * down} }, (_, n) =>
    Math.round(0.299 * data[n * 4] + 0.587 * data[n * 4 + 1] + 0.114 * data[n * 4 + 2]));
})()`;

/** The same of all frames, as ffmpeg decodes them. */
function decoded(path: string): (index: number) => Buffer {
  const options = ['-vf', `scale=${across}:${down}:flags=area`, '-vsync', '0', '-f', 'rawvideo', '-pix_fmt', 'gray'];
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', path, ...options, '-'], { maxBuffer: 64 << 20 });
  return (index) => bytes.subarray(index * across * down, (index + 1) * across * down);
}

/** Mean difference of two pictures, after their mean brightness: decoders scale the range of greys each in its way. */
function difference(shown: readonly number[], truth: Buffer): number {
  const mean = (list: Iterable<number>): number => [...list].reduce((sum, one) => sum + one, 0) / (across * down);
  const shift = mean(shown) - mean(truth);
  return mean(shown.map((value, n) => Math.abs(value - (truth[n] ?? 0) - shift)));
}

interface Analysed {
  readonly id: string;
  readonly frames: readonly ResultFrame[];
  /** Of a frame, as it is. */
  readonly picture: (index: number) => Buffer;
}

async function analyse(url: string, path: string): Promise<Analysed> {
  const form = new FormData();
  form.set('file', await openAsBlob(path), 'conveyor.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const answer = await fetch(`${url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  const { job_id: id } = z.object({ job_id: z.uuid() }).parse(await answer.json());
  const status = async () => {
    const view = await (await fetch(`${url}/v1/video/status/${id}`)).json();
    return z.object({ status: z.string() }).parse(view).status;
  };
  await expect.poll(status, { timeout: 120_000, interval: 250 }).toBe('completed');
  const page = await (await fetch(`${url}/v1/jobs/${id}/frames?limit=1000`)).json();
  const { frames } = z.object({ frames: z.array(ResultFrame) }).parse(page);
  return { id, frames, picture: decoded(path) };
}

/** Those that are wholly in the picture, and do not lie in each other's way. */
function clear(frame: ResultFrame): { box: Box; colour: string }[] {
  const all = objectsIn(frame);
  const apart = (one: FoundObject, other: FoundObject): boolean =>
    one === other || one.box[2] + 12 < other.box[0] || other.box[2] + 12 < one.box[0];
  return all
    .filter((one) => one.box[0] > 8 && one.box[2] < 1272 && all.every((other) => apart(one, other)))
    .map(({ box, classId }) => ({ box, colour: classColour(classId) }));
}

async function goTo(page: Page, id: string, frame: ResultFrame): Promise<void> {
  await page.evaluate(`location.hash = '#/job/${id}?t=${(frame.pts_s + 0.02).toFixed(3)}'`);
  await page.locator(`.time[data-frame="${frame.frame_index}"]`).waitFor();
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

async function expectInStep(page: Page, { id, frames, picture }: Analysed, places: readonly number[]): Promise<void> {
  for (const place of places) {
    const [before, frame, after] = [frames[place - 1], frames[place], frames[place + 1]];
    if (!before || !frame || !after) throw new Error(`the result has frames around ${place}`);
    await goTo(page, id, frame);
    const shown = await page.evaluate<number[]>(greyPicture);
    const [last = 0, same = 0, next = 0] = [place - 1, place, place + 1].map((index) =>
      difference(shown, picture(index)),
    );
    expect(same, `picture ${place} beside its neighbours (${last}, ${same}, ${next})`).toBeLessThan(
      Math.min(last, next) * 0.6,
    );
    const boxes = clear(frame);
    expect(boxes.length, `boxes of frame ${place} that are in nobody's way`).toBeGreaterThan(0);
    const here = await page.evaluate<number[]>(`${colourAtEdges}(${JSON.stringify(boxes)})`);
    for (const share of here) expect(share, `edges of frame ${place} with its colour`).toBeGreaterThan(0.9);
    // The measure is fine enough to see the boxes of the frame beside it.
    const there = await page.evaluate<number[]>(
      `${colourAtEdges}(${JSON.stringify([...clear(before), ...clear(after)])})`,
    );
    expect(Math.max(...there), `edges of the frames beside ${place}`).toBeLessThan(0.9);
  }
}

describe.skipIf(executablePath === null)('the player', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: flags });
  });
  afterAll(() => browser.close());

  async function open(url: string, locale: string, deviceScaleFactor: number): Promise<Page> {
    const viewport = { width: 1920, height: 1080 };
    const page = await browser.newPage({ viewport, locale, deviceScaleFactor });
    onTestFinished(() => page.close());
    await page.goto(url);
    return page;
  }

  test('shows the boxes of exactly the frame in the picture, where its things are', { timeout: 300_000 }, async () => {
    const daemon = await startDaemon();
    await daemon.logged('ready for jobs');
    const whole = await analyse(daemon.url, sampleVideo);
    const page = await open(daemon.url, 'en', 1);
    await expectInStep(page, whole, [7, 125, 61, 333, 200]);
    await page.getByRole('button', { name: 'One frame on' }).click();
    await page.locator('.time[data-frame="201"]').waitFor();
    const fromRight = await open(daemon.url, 'ar', 1.5);
    await expectInStep(fromRight, whole, [30, 90, 151, 222, 301]);

    // A file whose clock does not begin at nought, as one that was cut out of another.
    const late = join(daemon.folder, 'late.mkv');
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-i',
      sampleVideo,
      '-t',
      '3',
      '-c',
      'copy',
      '-output_ts_offset',
      '1.4',
      late,
    ]);
    const cut = await analyse(daemon.url, late);
    await expectInStep(page, cut, [5, 40]);
  });
});
