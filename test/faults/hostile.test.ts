// Files made to hurt: every one comes to an end that a person understands, and nobody else notices.
import { openAsBlob } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { startDaemon } from '../support/daemon.ts';
import { MediaFolder, noFfmpeg, packetCount } from '../support/worker-media.ts';
import { tempData } from '../support/temp-data.ts';
import { makeCorpus, seed, type HostileFile } from './corpus/corpus.ts';
import { describeEnds, type End } from './corpus/ends.ts';
import { descendants, isAlive, type Process } from './corpus/processes.ts';
import { Pulse } from './corpus/pulse.ts';
import { sound, verdicts } from './corpus/verdicts.ts';
import { recordFault, whole } from './table.ts';

const settings = { jobs: { running: 2, queue: 1000, stall_s: 3 } };
/** From the submit of one file to the end of its job; two run at a time. */
const boundMs = 20_000;
/** VP8 that claims 16,383 pixels a side takes 960 MB, and is tried twice on a busy machine. */
const workerMb = 2000;
const lanes = 2;

const JobView = z.object({
  status: z.string(),
  error_message: z.string().nullable(),
  warnings: z.array(z.string()),
  summary: z.object({ frame_count: z.number() }).nullish(),
});

test.skipIf(noFfmpeg !== null)(
  `hostile files end with a result or a reason, and disturb nobody${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`,
  { timeout: whole ? 3_600_000 : 300_000 },
  async ({ onTestFinished }) => {
    const media = await MediaFolder.open();
    onTestFinished(() => media.close());
    const corpus = await makeCorpus(media, whole);
    const config = media.file('vedette.yaml');
    await writeFile(config, JSON.stringify(settings));
    const data = tempData();
    const daemon = await startDaemon({ folder: data, env: { VEDETTE_CONFIG: config } });

    const { job = '' } = await submit(daemon.url, media.file('plain.mp4'));
    const pulse = await Pulse.open(`${daemon.url}/v1/video/status/${job}`);
    onTestFinished(() => pulse.close());
    const seen = new Map<string, Process>();
    const census = setInterval(() => {
      for (const process of descendants(daemon.child.pid ?? 0)) seen.set(`${process.pid} ${process.born}`, process);
    }, 100);
    onTestFinished(() => clearInterval(census));

    const ends: End[] = [];
    const waiting = [...corpus];
    const work = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) ends.push(await endOf(daemon.url, file));
    };
    await Promise.all(Array.from({ length: lanes }, work));
    clearInterval(census);
    await pulse.close();

    const peakMb = Math.round(Math.max(...[...seen.values()].map((process) => process.peakMb)));
    const crashes = daemon.log.filter(({ msg }) => msg === 'worker ended abruptly').length;
    const figures = { seed, files: ends.length, peakMb, crashes, daemon: pulse.daemon, machine: pulse.machine };
    process.stdout.write(`${describeEnds(ends)}\n${JSON.stringify(figures)}\n`);

    expect(
      ends.filter((end) => !isClear(end)).map(({ file, how, says }) => `${file.name}: ${how} ${says}`),
      'ends that nobody understands',
    ).toEqual([]);
    // On a busy machine decodebin now and then drops the error of a tiny file, twice in a row: silence is what is left.
    const silent = ends.filter(({ how, says }) => how === 'failed' && says.startsWith('Nothing came out of the file'));
    expect(silent.length).toBeLessThan(3 + ends.length / 50);
    const wrong = ends
      .filter((end) => !silent.includes(end))
      .filter(({ file, how, says }) => verdicts[file.name]?.test(`${how} ${says}`) === false);
    expect(wrong.map(({ file, how, says }) => `${file.name}: ${how} ${says}`)).toEqual([]);
    expect(silent.filter(({ file }) => verdicts[file.name] === sound)).toEqual([]);
    const framesWrong = await miscounted(ends);
    expect(framesWrong).toBe(0);
    // Most damage leaves something: were all refused, it would not be the files' doing.
    expect(ends.filter(({ how }) => how === 'completed').length).toBeGreaterThan(ends.length / 4);
    expect(Math.max(...ends.map(({ ms }) => ms))).toBeLessThan(boundMs);
    expect(peakMb).toBeLessThan(workerMb);
    expect(pulse.unanswered).toBe(0);
    // What a server that does nothing is slow at is not the daemon's doing.
    expect(pulse.daemon.p99).toBeLessThan(pulse.machine.p99 + Math.max(50, pulse.machine.p99));
    expect(await readdir(join(data, 'uploads'))).toEqual([]);
    expect(await strangers(join(data, 'jobs'))).toEqual([]);
    expect(await daemon.stop()).toBe(0);
    expect([...seen.values()].filter(isAlive)).toEqual([]);
    recordFault({
      fault: 'hostile file: damaged, lying or odd video',
      tried: ends.length,
      jobsLost: ends.filter(({ how }) => how === 'unended').length,
      framesWrong,
      recoveryMs: null,
    });
  },
);

async function submit(url: string, path: string): Promise<{ job?: string; refusal: string }> {
  const form = new FormData();
  form.set('file', await openAsBlob(path), 'clip.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const response = await fetch(`${url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  const answer: unknown = await response.json();
  if (response.ok) return { job: z.object({ job_id: z.string() }).parse(answer).job_id, refusal: '' };
  return { refusal: z.object({ detail: z.string() }).parse(answer).detail };
}

async function endOf(url: string, file: HostileFile): Promise<End> {
  const started = performance.now();
  const { job, refusal } = await submit(url, file.path);
  if (job === undefined) return { file, how: 'refused', says: refusal, frames: 0, ms: performance.now() - started };
  const view = await vi
    .waitFor(
      async () => {
        const answer = JobView.parse(await (await fetch(`${url}/v1/jobs/${job}`)).json());
        expect(['completed', 'failed']).toContain(answer.status);
        return answer;
      },
      { timeout: boundMs, interval: 50 },
    )
    .catch(() => null); // the row below says so
  const ms = performance.now() - started;
  if (view === null) return { file, how: 'unended', says: '', frames: 0, ms };
  const how = view.status === 'completed' ? 'completed' : 'failed';
  const says = [...view.warnings, view.error_message ?? ''].filter((text) => text !== '').join(' | ');
  return { file, how, says, frames: view.summary?.frame_count ?? 0, ms };
}

/** A completed job has frames; any other end has a sentence, without a path and without the words of a bug. */
function isClear({ how, says, frames }: End): boolean {
  if (/\S\/\S+\/|worker|undefined|GStreamer|\n/i.test(says)) return false;
  return how === 'completed' ? frames > 0 : how !== 'unended' && /^\S+ .{8,}$/.test(says);
}

/** Frames too few or too many in the results of files that are odd but sound, against ffprobe's packets. */
async function miscounted(ends: readonly End[]): Promise<number> {
  const odd = ends.filter(({ file }) => verdicts[file.name] === sound);
  const wrong = await Promise.all(odd.map(async ({ file, frames }) => frames - (await packetCount(file.path))));
  return wrong.reduce((sum, frames) => sum + Math.abs(frames), 0);
}

/** What lies in the job folders beside the files that belong there. */
async function strangers(jobs: string): Promise<string[]> {
  const known: readonly string[] = Object.values(jobFiles);
  const folders = await readdir(jobs);
  const names = await Promise.all(folders.map((folder) => readdir(join(jobs, folder))));
  return names.flat().filter((name) => !known.includes(name));
}
