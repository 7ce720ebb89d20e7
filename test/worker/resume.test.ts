// Work that is taken up again: where it goes on, what it refuses to go on with, and that its artifact is the same.
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import { jobFiles, Mark } from '../../appliance/contract/frame.ts';
import type { FromWorker } from '../../appliance/contract/ipc.ts';
import { readCheckpoint } from '../../appliance/worker/checkpoint.ts';
import { Hold } from '../../appliance/worker/hold.ts';
import { Model } from '../../appliance/worker/infer/model.ts';
import { FrameSource } from '../../appliance/worker/ingest/frames.ts';
import { loadGStreamer } from '../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../appliance/worker/ingest/pipeline.ts';
import { findPlace } from '../../appliance/worker/ingest/place.ts';
import { Player } from '../../appliance/worker/ingest/player.ts';
import { runJob } from '../../appliance/worker/job.ts';
import { toolOf } from '../../appliance/worker/tools/registry.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { colourModel } from './onnx-file.ts';
import { everything } from '../support/everything.ts';
import { detectingWork } from '../support/work.ts';

const log = pino({ level: 'silent' });
const platform = platforms.software;
const encodings = {
  mp4: ['-c:v', 'libx264', '-bf', '2', '-g', '48'],
  mkv: ['-c:v', 'libx264', '-bf', '2', '-g', '48'],
  avi: ['-c:v', 'mpeg4', '-bf', '2', '-g', '48'],
  ts: ['-c:v', 'libx264', '-bf', '2', '-g', '48'],
  webm: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '48'],
} as const;

describe.skipIf(noFfmpeg !== null)(`work that is taken up${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let model: Model;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const path = media.file('colours.onnx');
    await writeFile(path, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    model = await Model.load({ name: 'colours', path, providers: ['cpu'], threads: 1 });
    const source = media.pattern('128x64', 24, 20);
    const still = ['-f', 'lavfi', '-i', 'color=black:s=128x64:r=24:d=20'];
    for (const [ending, how] of Object.entries(encodings)) {
      await media.make(`clip.${ending}`, ...source, ...how);
      await media.make(`still.${ending}`, ...still, ...how);
    }
  }, 60_000);
  afterAll(() => media.close());

  /** `stopAt`: it is cancelled when so many frames are done. */
  async function work(input: string, directory: string, { stopAt = Infinity, confidence = 0.25 } = {}) {
    const player = new Player(loadGStreamer());
    const leaving = new AbortController();
    const sent: FromWorker[] = [];
    try {
      return await runJob({
        start: {
          type: 'start',
          jobId: 'job',
          inputPath: input,
          artifactDir: directory,
          ...detectingWork,
          detection: everything(confidence),
          stallMs: 10_000,
          mayJump: true,
        },
        tools: [
          {
            id: 'video_player_detection',
            run: (given) =>
              toolOf('video_player_detection').run({
                ...given,
                onProgress: (frame, total) => {
                  given.onProgress(frame, total);
                  if (frame >= stopAt) leaving.abort(new Fault('cancelled', 'Cancelled'));
                },
              }),
          },
        ],
        model,
        player,
        platform,
        send: (message) => sent.push(message),
        hold: new Hold(),
        looked: () => false,
        signal: leaving.signal,
        log,
      });
    } finally {
      player.close();
    }
  }

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'vedette-resume-'));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  const lines = (directory: string) => readFile(join(directory, jobFiles.frames), 'utf8');

  test.each(Object.keys(encodings))('leaves the same artifact as work in one go (%s)', async (ending) => {
    const clip = media.file(`clip.${ending}`);
    const [whole, parts] = [await folder(), await folder()];
    const done = await work(clip, whole);
    for (const stopAt of [1, 100, 300, 479]) {
      await expect(work(clip, parts, { stopAt })).rejects.toMatchObject({ code: 'cancelled' });
      const mark = Mark.parse(JSON.parse(await readFile(join(parts, jobFiles.mark), 'utf8')));
      expect(mark.frame).toBe(stopAt);
      expect(await readCheckpoint(parts)).toMatchObject({ place: { frames: stopAt } });
    }
    expect(await work(clip, parts)).toEqual(done);
    expect(await lines(parts)).toBe(await lines(whole));
  });

  const containers = { mp4: 'mp4', mkv: 'matroska', webm: 'webm', avi: 'avi', ts: 'mpegts' } as const;
  // In a still scene only the times tell one frame from another.
  test.each(
    Object.entries(containers).flatMap(([ending, container]) =>
      (['moving', 'still'] as const).map((scene) => [ending, scene, container] as const),
    ),
  )('finds its place by a seek, or else by decoding all before it (%s, %s)', async (ending, scene, container) => {
    const player = new Player(loadGStreamer());
    onTestFinished(() => player.close());
    const signal = new AbortController().signal;
    const size = { width: 64, height: 64, stallMs: 5000, signal };
    const path = media.file(scene === 'moving' ? `clip.${ending}` : `still.${ending}`);
    const options = { path, container, player, platform, ...size };
    const frames = new FrameSource(options);
    const seen: number[] = [];
    let place = null;
    for await (const frame of frames) {
      seen.push(frame.ptsS);
      if (frame.index === 399) place = frame.place();
    }
    if (!place) throw new Error('no place');
    const passed = { jumping: 0, decoding: 0 };
    const jumped = await findPlace(place, { ...options, mayJump: true, onPassed: () => passed.jumping++ });
    const decoded = await findPlace(place, { ...options, mayJump: false, onPassed: () => passed.decoding++ });
    expect(passed.decoding).toBe(400);
    // AVI and TS store no times that a seek could be checked by.
    if (container === 'avi' || container === 'mpegts') expect(passed.jumping).toBe(400);
    else expect(passed.jumping).toBeLessThan(100);
    for (const decoding of [jumped, decoded]) {
      if (!decoding) throw new Error('not found');
      const rest = [];
      for await (const frame of new FrameSource(options, { decoding, place })) rest.push([frame.index, frame.ptsS]);
      expect(rest).toEqual(seen.slice(400).map((ptsS, at) => [400 + at, ptsS]));
    }
  });

  test('refuses a file that is not the one that it began with', async () => {
    const directory = await folder();
    const clip = join(directory, 'clip.mp4');
    await copyFile(media.file('clip.mp4'), clip);
    await expect(work(clip, directory, { stopAt: 50 })).rejects.toMatchObject({ code: 'cancelled' });
    await appendFile(clip, 'x');
    await expect(work(clip, directory)).rejects.toMatchObject({ code: 'source-changed' });
    await rm(clip);
    await expect(work(clip, directory)).rejects.toMatchObject({ code: 'source-changed' });
  });

  test('begins anew with other settings, with a shorter artifact, and without a whole checkpoint', async () => {
    const clip = media.file('clip.mp4');
    const whole = await folder();
    await work(clip, whole);
    const expected = await lines(whole);
    const spoilers: readonly ((directory: string) => Promise<unknown>)[] = [
      (directory) => writeFile(join(directory, jobFiles.frames), 'torn'),
      async (directory) => {
        for (const name of [jobFiles.checkpointA, jobFiles.checkpointB])
          await writeFile(join(directory, name), '{"ver');
      },
    ];
    for (const spoil of spoilers) {
      const directory = await folder();
      await expect(work(clip, directory, { stopAt: 60 })).rejects.toMatchObject({ code: 'cancelled' });
      await spoil(directory);
      await work(clip, directory);
      expect(await lines(directory)).toBe(expected);
    }
    const directory = await folder();
    await expect(work(clip, directory, { stopAt: 60, confidence: 0.9 })).rejects.toMatchObject({ code: 'cancelled' });
    await work(clip, directory);
    expect(await lines(directory)).toBe(expected);
  });

  test('begins anew where the picture at its place is another one', async () => {
    const directory = await folder();
    const clip = media.file('clip.mp4');
    await expect(work(clip, directory, { stopAt: 60 })).rejects.toMatchObject({ code: 'cancelled' });
    const checkpoint = await readCheckpoint(directory);
    if (!checkpoint) throw new Error('no checkpoint');
    const other = { ...checkpoint, number: checkpoint.number + 1, place: { ...checkpoint.place, picture: 'another' } };
    await writeFile(join(directory, jobFiles.checkpointA), JSON.stringify(other));
    await writeFile(join(directory, jobFiles.checkpointB), JSON.stringify(other));
    const whole = await folder();
    await mkdir(whole, { recursive: true });
    await work(clip, whole);
    await work(clip, directory);
    expect(await lines(directory)).toBe(await lines(whole));
  });
});
