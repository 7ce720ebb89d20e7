// What a model sees in one picture: a worker looks at it as at a job's, and nothing of it is recorded.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DetectionSettings } from '../../contract/detection.ts';
import { Fault } from '../../contract/fault.ts';
import { objectsIn, toSeenObject } from '../../contract/found.ts';
import { DetectionFrame, jobFiles, type ModelCard } from '../../contract/frame.ts';
import type { ModelSight } from '../../contract/model-api.ts';
import { runJob } from './job-run.ts';
import { plainPlan } from '../../contract/plan.ts';
import type { Step } from './live-progress.ts';
import { Stopwatch } from './stopwatch.ts';
import type { Supplied } from './supplied.ts';
import type { Prepare } from './worker-process.ts';
import type { WorkerSupply } from './worker-supply.ts';

export interface SightOptions {
  readonly workers: Pick<WorkerSupply, 'take' | 'takeOther' | 'prepare' | 'stocked' | 'refill'>;
  /** What a worker for this model is made of. */
  readonly prepareFor: (model: string) => Promise<Prepare>;
  readonly detection: (model: ModelCard) => DetectionSettings;
  /** True while no job runs or waits: the spare is nobody's then. */
  readonly idle: () => boolean;
}

/** Scores below are not told. */
const leastConfidence = 0.05;
/** In all, loading the model as well. */
const longestMs = 20_000;
const what = {
  pluginId: 'yolo-tracker',
  tools: ['player_detection'] as [string],
  stages: [...plainPlan.stages],
  clips: [],
};

/**
 * Of the picture that lies as `input` in `folder`, which takes what the worker writes. Throws the Fault that keeps the
 * model, or the picture, from being used.
 */
export async function seePicture(
  { model, folder, signal }: { readonly model: string; readonly folder: string; readonly signal: AbortSignal },
  options: SightOptions,
): Promise<ModelSight> {
  const late = AbortSignal.timeout(longestMs);
  try {
    return await see(model, folder, AbortSignal.any([signal, late]), options);
  } catch (error) {
    if (!late.aborted) throw error;
    throw new Fault('worker-hung', `The model did not look at the picture within ${longestMs / 1000} s.`, {
      cause: error,
    });
  }
}

async function see(model: string, folder: string, signal: AbortSignal, options: SightOptions): Promise<ModelSight> {
  const { detection, workers, idle } = options;
  const { worker, model: card } = await takeFor(model, signal, options).catch((error: unknown) => {
    // The spare may have been the one that was given up.
    if (idle()) workers.refill();
    throw error;
  });
  try {
    const reachable = await worker.enter(folder);
    const steps: Step[] = [];
    const settings = { ...detection(card), confidence: leastConfidence, classes: null };
    const jobId = randomUUID();
    await runJob({
      worker,
      folder,
      signal,
      stopwatch: new Stopwatch({ hangMs: longestMs, longestMs }),
      onStep: (step) => steps.push(step),
      onHeld: () => undefined,
      onPreview: () => undefined,
      start: { type: 'start', jobId, ...what, detection: settings, stallMs: longestMs, mayJump: true, ...reachable },
    });
    return { model, provider: card.provider, ...measured(steps), objects: await objectsOf(folder) };
  } finally {
    // The spare was taken: the next one is made when this worker is gone, unless a job has the machine by now.
    void worker.end().then(() => {
      if (idle()) workers.refill();
    });
  }
}

/** The spare, where it has the model and no job wants it; else a worker of its own. */
async function takeFor(
  model: string,
  signal: AbortSignal,
  { workers, prepareFor, idle }: SightOptions,
): Promise<Supplied> {
  const isInUse = workers.prepare.model.name === model;
  if (isInUse && workers.stocked && idle()) return workers.take(signal);
  return workers.takeOther(isInUse ? workers.prepare : await prepareFor(model), signal);
}

/** By what the worker told on its way, on its own clock. */
function measured(steps: readonly Step[]): Pick<ModelSight, 'width' | 'height' | 'ms'> {
  const probed = steps.find((step) => step.type === 'probed');
  const [from, to] = (['analyzing', 'packaging'] as const).map(
    (stage) => steps.find((step) => step.type === 'stage' && step.stage === stage)?.ts,
  );
  if (!probed || from === undefined || to === undefined) {
    throw new Fault('worker-lied', 'The worker said done, and not what it had done.');
  }
  const { width, height } = probed.source;
  return { width, height, ms: Math.max(0, to - from) };
}

async function objectsOf(folder: string): Promise<ModelSight['objects']> {
  const [line = ''] = (await readFile(join(folder, jobFiles.frames), 'utf8')).split('\n', 1);
  const frame = DetectionFrame.safeParse(parsed(line));
  if (!frame.success) throw new Fault('worker-lied', 'The worker left a result that makes no sense.');
  return objectsIn(frame.data).map(toSeenObject);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // no frame: the caller says so
  }
}
