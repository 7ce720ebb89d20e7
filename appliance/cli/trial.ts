// One trial: the real worker on a video with one setting, and the frames a second that it makes.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Provider } from '../contract/frame.ts';
import { FromWorker, type ToWorker } from '../contract/ipc.ts';
import type { RuntimeSettings } from '../contract/runtime.ts';
import { workerEntry } from './installation.ts';
import { plainPlan } from '../contract/plan.ts';

export interface Trial {
  /** An ONNX file. */
  readonly model: string;
  readonly providers: readonly Provider[];
  readonly runtime: RuntimeSettings;
  readonly video: string;
  /** The trial ends after so many, or with the video. */
  readonly frames: number;
  /** Of one inference; null: as the worker chooses. */
  readonly threads: number | null;
  readonly signal: AbortSignal;
}

export interface TrialResult {
  readonly threads: number;
  readonly provider: Provider;
  /** From the first report of a frame to the last: loading and probing are not part of it. */
  readonly fps: number;
}

/** The trial could not be brought to its end; the message is the worker's own. */
export class TrialFailed extends Error {
  override readonly name = 'TrialFailed';
}

/** In a process of its own, as every job's worker is. Throws TrialFailed or the signal's reason. */
export async function runTrial(trial: Trial): Promise<TrialResult> {
  const folder = await mkdtemp(join(tmpdir(), 'vedette-tune-'));
  const child = fork(workerEntry, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // The thread pool of a job's worker; what else it needs, such as LD_LIBRARY_PATH, it takes from here.
    // eslint-disable-next-line no-restricted-properties -- handed on, not read
    env: { ...process.env, UV_THREADPOOL_SIZE: '8' },
  });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    return await follow(child, trial, folder);
  } finally {
    child.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

interface Sample {
  readonly frame: number;
  readonly ts: number;
}

function follow(child: ChildProcess, trial: Trial, folder: string): Promise<TrialResult> {
  const { model, providers, runtime, video, frames, threads, signal } = trial;
  const say = (message: ToWorker) => child.send(message);
  const said = child.stderr ? text(child.stderr) : Promise.resolve('');
  return new Promise((resolve, reject) => {
    let loaded: { readonly threads: number; readonly provider: Provider } | undefined;
    let first: Sample | undefined;
    let last: Sample | undefined;
    const finish = () => {
      if (!loaded || !first || !last || last.frame <= first.frame) {
        return reject(new TrialFailed('the video is too short to be timed'));
      }
      resolve({ ...loaded, fps: ((last.frame - first.frame) * 1000) / (last.ts - first.ts) });
    };
    const giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    child.on('error', reject);
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', giveUp);
      void said.then((words) => {
        const line = words.trim().split('\n', 1)[0] ?? '';
        reject(new TrialFailed(`the worker ended early (${by ?? String(code)}) ${line}`.trimEnd()));
      });
    });
    child.on('message', (raw: unknown) => {
      const message = FromWorker.parse(raw);
      if (message.type === 'ready') {
        loaded = { threads: message.model.threads, provider: message.model.provider };
        say({ type: 'start', jobId: 'trial', inputPath: video, artifactDir: folder, ...asJobsDo });
      } else if (message.type === 'progress' && message.currentFrame > 0) {
        last = { frame: message.currentFrame, ts: message.ts };
        first ??= last;
        if (last.frame >= frames) finish();
      } else if (message.type === 'done') finish();
      else if (message.type === 'failed') reject(new TrialFailed(message.message));
    });
    say({ type: 'prepare', model: { name: 'trial', path: model }, providers: [...providers], threads, runtime });
  });
}

const asJobsDo = {
  pluginId: 'yolo-tracker',
  tools: ['video_player_detection'] as [string],
  stages: [...plainPlan.stages],
  clips: [],
  detection: { confidence: 0.25, iou: 0.7, classes: null, aliases: {} },
  stallMs: 60_000,
  mayJump: true,
} satisfies Partial<Extract<ToWorker, { type: 'start' }>>;
