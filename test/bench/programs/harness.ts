// A process that does what a worker does, job after job, and between jobs runs its network alone.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../appliance/log.ts';
import { Hold } from '../../../appliance/worker/hold.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';
import { runJob } from '../../../appliance/worker/job.ts';
import { toolOf } from '../../../appliance/worker/tools/registry.ts';
import { answerOrders } from '../answering.ts';
import { detectingWork } from '../../support/work.ts';

export type Order =
  /** `threads` null: as the worker chooses. */
  | { readonly kind: 'load'; readonly path: string; readonly threads: number | null }
  /** The loaded network's session.run, so many times, on the input that it has. */
  | { readonly kind: 'bare'; readonly frames: number }
  | { readonly kind: 'job'; readonly video: string };

export interface Spent {
  readonly frames: number;
  readonly ms: number;
  /** That the JavaScript thread was on a core, in ms: waiting does not count, nor do GStreamer's threads. */
  readonly threadMs: number;
}

const log = openLog('warn', 'bench');
const gstreamer = loadGStreamer();
const loaded: { model: Model | null } = { model: null };

async function obey(order: Order): Promise<Spent | { readonly threads: number }> {
  if (order.kind === 'load') {
    const { path, threads } = order;
    loaded.model = await Model.load({ name: 'bench', path, providers: ['cpu'], threads });
    return { threads: loaded.model.card.threads };
  }
  const { model } = loaded;
  if (model === null) throw new Error('no model is loaded');
  return order.kind === 'bare' ? bare(model, order.frames) : job(model, order.video);
}

async function bare(model: Model, frames: number): Promise<Spent> {
  await model.runBare(2);
  const since = clock();
  await model.runBare(frames);
  return { frames, ...since() };
}

/** From the start message to the last word: probing and the pipeline's start are part of it. */
async function job(model: Model, inputPath: string): Promise<Spent> {
  const artifactDir = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
  const player = new Player(gstreamer);
  const tool = toolOf('video_player_detection');
  const since = clock();
  try {
    const { frames } = await runJob({
      start: {
        type: 'start',
        jobId: 'bench',
        inputPath,
        artifactDir,
        ...detectingWork,
        detection: { confidence: 0.25, iou: 0.7, classes: null, aliases: {} },
        stallMs: 60_000,
        mayJump: true,
      },
      tools: [tool],
      model,
      player,
      platform: platforms.software,
      send: (message) => void process.send?.(message),
      looked: () => false,
      hold: new Hold(),
      signal: new AbortController().signal,
      log,
    });
    return { frames, ...since() };
  } finally {
    player.close();
    await rm(artifactDir, { recursive: true, force: true });
  }
}

function clock(): () => Omit<Spent, 'frames'> {
  const [ms, threadMs] = [performance.now(), threadTime()];
  return () => ({ ms: performance.now() - ms, threadMs: threadTime() - threadMs });
}

/** The first number is ns on a core: https://docs.kernel.org/scheduler/sched-stats.html */
function threadTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

answerOrders(obey);
// As the worker does.
setPriority(Math.max(getPriority(), 5));
