// One job on one worker, from `start` to its last word or its death.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, Summary } from '../../contract/frame.ts';
import type { ToWorker } from '../../contract/ipc.ts';
import { noProducts, type Products } from '../../contract/products.ts';
import type { Step } from './live-progress.ts';
import { namesOf, verifyProducts } from './products.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { Ending, Report, WorkerProcess } from './worker-process.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<Report, { type: 'done' }>;
export type Preview = Extract<Report, { type: 'preview' }>;

export interface RunOptions {
  readonly worker: WorkerProcess;
  readonly start: Start;
  /** The job's own, which the worker may see by another path. */
  readonly folder: string;
  /** Aborted: the job is to be cancelled. */
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
  readonly onStep: (step: Step) => void;
  /** The worker waits for room on the disk; null: it goes on. */
  readonly onHeld: (reason: string | null) => void;
  readonly onPreview: (preview: Preview) => void;
}

type Made = Pick<Done, 'summary' | 'warnings'> & { readonly products: Products };

/** Resolves with what the worker made and left whole on the disk; rejects with the Fault that ended its work. */
export async function runJob(options: RunOptions): Promise<Made> {
  const { worker, folder, start, signal } = options;
  try {
    const done = await untilDone(options);
    await verify(done, folder, start.tools);
    await verifyProducts(folder, done.products ?? noProducts);
    if (signal.aborted) throw cancelled();
    // No worker delivers anything.
    return { ...done, products: { ...(done.products ?? noProducts), deliveries: [] } };
  } catch (error) {
    throw signal.aborted ? cancelled() : error;
  } finally {
    // Not awaited: the job's end is known, and the supply sees to it that no process is left behind.
    void worker.end();
  }
}

function untilDone({ worker, folder, start, signal, stopwatch, onStep, onHeld, onPreview }: RunOptions): Promise<Done> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (finish: () => void) => {
      // Its process ends after its last word, when the job's next worker may be at work by the same stopwatch.
      if (settled) return;
      settled = true;
      stopwatch.stop();
      signal.removeEventListener('abort', cancel);
      worker.onReport(() => undefined); // what comes after the end changes nothing
      finish();
    };
    /** Why it is being ended. Told only when it is gone: until then it may still write. */
    let sentence: Fault | null = null;
    const end = (fault: Fault, graceMs: number) => {
      sentence ??= fault;
      void worker.end(graceMs);
    };
    const cancel = () => end(cancelled(), cancelGraceMs);
    let seen = -1;
    let probing = false;
    worker.onReport((report) => {
      switch (report.type) {
        case 'alive':
          // A loop that turns is no work done: only frames that were read count as news. While it probes, a worker
          // watches its pipeline itself, and a long file on a slow disk takes its time.
          if (probing || report.framesRead > seen) stopwatch.news();
          seen = report.framesRead;
          return;
        case 'stage':
        case 'probed':
        case 'progress':
        case 'share':
          if ('stage' in report && !start.stages.some(({ stage }) => stage === report.stage)) {
            return end(offPlan(report.stage), 0);
          }
          if (report.type === 'stage') probing = report.stage === 'probing';
          stopwatch.news();
          onStep(report);
          return;
        case 'preview':
          return onPreview(report);
        case 'seen':
          return; // of pictures, of which a job has none
        case 'held':
          stopwatch.hold('worker', report.reason !== null);
          return onHeld(report.reason);
        case 'done':
          return settle(() => resolve(collected(report, worker, folder)));
        case 'failed':
          // One that talks nonsense may still be writing.
          if (report.code === 'worker-lied') return end(toFault(report, signal), 0);
          return settle(() => reject(sentence ?? toFault(report, signal)));
        default:
          return report satisfies never;
      }
    });
    void worker.gone.then((ending) => settle(() => reject(sentence ?? died(ending))));
    stopwatch.start((verdict) => end(verdict === 'hung' ? hung() : tooLong(), hangGraceMs));
    if (signal.aborted) return cancel();
    signal.addEventListener('abort', cancel, { once: true });
    worker.send(start);
  });
}

/** Called while the report is heard, since the worker leaves, and its place with it. */
async function collected(done: Done, worker: WorkerProcess, folder: string): Promise<Done> {
  const names = namesOf(done.products ?? noProducts);
  if (names.length === 0) return done;
  await worker.collect(folder, names).catch((cause: unknown) => {
    const code = codeOf(cause);
    if (code === 'ENOENT') throw new Fault('worker-lied', 'The worker told of a file that it has not made.', { cause });
    throw new Fault('artifact-failed', `What was made could not be taken into the job's folder (${code}).`, { cause });
  });
  return done;
}

/** Between the message that asks it to stop and the first signal. A single inference may take seconds. */
const cancelGraceMs = 350;
const hangGraceMs = 1000;

function offPlan(stage: string): Fault {
  return new Fault('worker-lied', `The worker told of the stage ${stage}, which its job does not have.`);
}

function hung(): Fault {
  return new Fault('worker-hung', 'The worker brought nothing new for too long and was ended.');
}

function tooLong(): Fault {
  return new Fault('worker-over-time', 'The job took longer than jobs.longest_h allows and was ended.');
}

function died({ how, memory }: Ending): Fault {
  if (!memory) return new Fault('worker-died', `The worker ended in the middle of the job: ${how}.`);
  const [used, allowed] = [memory.used, memory.allowed].map((bytes) => `${Math.round(bytes / 2 ** 20)} MB`);
  return new Fault(
    'worker-over-memory',
    `The job needed ${used ?? ''} of memory, more than the ${allowed ?? ''} that worker.memory_mb allows, and was ended.`,
  );
}

/** A worker is believed only when the disk says the same. */
async function verify(done: Done, folder: string, tools: Start['tools']): Promise<void> {
  const { size } = await stat(join(folder, jobFiles.frames)).catch((cause: unknown) => {
    throw new Fault('worker-lied', 'The worker said done, but its result is not on the disk.', { cause });
  });
  if (size !== done.bytes || done.frames !== done.summary.total_frames) {
    throw new Fault(
      'worker-lied',
      `The worker said ${done.bytes} bytes and ${done.frames} frames; the disk has ${size} bytes.`,
    );
  }
  const text = await readFile(join(folder, jobFiles.summary), 'utf8').catch((cause: unknown) => {
    throw new Fault('worker-lied', 'The worker said done, but its summary is not on the disk.', { cause });
  });
  if (!isDeepStrictEqual(parseSummary(text), done.summary)) {
    throw new Fault('worker-lied', 'The summary on the disk is not the one that the worker told.');
  }
  const counted = Object.keys(done.summary.tools ?? {});
  if (tools.length > 1 && !isDeepStrictEqual(new Set(counted), new Set(tools))) {
    throw new Fault(
      'worker-lied',
      `The summary counts what ${counted.join(', ') || 'no tool'} found: not all the tools.`,
    );
  }
}

function parseSummary(text: string): Summary | undefined {
  try {
    return Summary.parse(JSON.parse(text));
  } catch {
    return undefined; // not a summary: the comparison says so
  }
}

/** A worker that gave up without being asked to has failed. */
function toFault({ code, message }: Extract<Report, { type: 'failed' }>, signal: AbortSignal): Fault {
  if (code !== 'cancelled' || signal.aborted) return new Fault(code, message);
  return new Fault('worker-died', 'The worker gave the job up without being asked to.');
}

function cancelled(): Fault {
  return new Fault('cancelled', 'Cancelled');
}
