// One job on one worker, from `start` to the end that is recorded: completed, failed or cancelled.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, Summary } from '../../contract/frame.ts';
import type { ToWorker } from '../../contract/ipc.ts';
import type { Step } from './live-progress.ts';
import type { Report, WorkerProcess } from './worker-process.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<Report, { type: 'done' }>;

export interface RunOptions {
  readonly worker: WorkerProcess;
  readonly start: Start;
  /** Aborted: the job is to be cancelled. */
  readonly signal: AbortSignal;
  /** A worker that brings nothing new for so long is ended. */
  readonly hangMs: number;
  readonly onStep: (step: Step) => void;
}

/** Resolves with what the worker made and left whole on the disk; rejects with the Fault that ends the job. */
export async function runJob(options: RunOptions): Promise<Pick<Done, 'summary' | 'warnings'>> {
  const { worker, start, signal } = options;
  try {
    const done = await untilDone(options);
    await verify(done, start.artifactDir);
    if (signal.aborted) throw cancelled();
    return done;
  } catch (error) {
    throw signal.aborted ? cancelled() : error;
  } finally {
    // Not awaited: the job's end is known, and the supply sees to it that no process is left behind.
    void worker.end();
  }
}

function untilDone({ worker, start, signal, hangMs, onStep }: RunOptions): Promise<Done> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      worker.onReport(() => undefined); // what comes after the end changes nothing
      finish();
    };
    const hung = () => {
      worker.kill();
      settle(() =>
        reject(new Fault('worker-hung', `The worker brought nothing new for ${hangMs / 1000} s and was ended.`)),
      );
    };
    const cancel = () => {
      void worker.end().then(() => settle(() => reject(cancelled())));
    };
    let timer = setTimeout(hung, hangMs);
    const moved = () => {
      clearTimeout(timer);
      timer = setTimeout(hung, hangMs);
    };
    let seen = -1;
    let probing = false;
    worker.onReport((report) => {
      switch (report.type) {
        case 'alive':
          // A loop that turns is no work done: only frames that were read count as news. While it probes, a worker
          // watches its pipeline itself, and a long file on a slow disk takes its time.
          if (probing || report.framesRead > seen) moved();
          seen = report.framesRead;
          return;
        case 'stage':
        case 'probed':
        case 'progress':
          if (report.type === 'stage') probing = report.stage === 'probing';
          moved();
          onStep(report);
          return;
        case 'held':
          return moved();
        case 'done':
          return settle(() => resolve(report));
        case 'failed':
          return settle(() => reject(toFault(report, signal)));
        default:
          return report satisfies never;
      }
    });
    void worker.gone.then((how) =>
      settle(() => reject(new Fault('worker-died', `The worker ended in the middle of the job: ${how}.`))),
    );
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    worker.send(start);
  });
}

/** A worker is believed only when the disk says the same. */
async function verify(done: Done, artifactDir: string): Promise<void> {
  const { size } = await stat(join(artifactDir, jobFiles.frames)).catch((cause: unknown) => {
    throw new Fault('worker-lied', 'The worker said done, but its result is not on the disk.', { cause });
  });
  if (size !== done.bytes || done.frames !== done.summary.total_frames) {
    throw new Fault(
      'worker-lied',
      `The worker said ${done.bytes} bytes and ${done.frames} frames; the disk has ${size} bytes.`,
    );
  }
  const text = await readFile(join(artifactDir, jobFiles.summary), 'utf8').catch((cause: unknown) => {
    throw new Fault('worker-lied', 'The worker said done, but its summary is not on the disk.', { cause });
  });
  if (!isDeepStrictEqual(parseSummary(text), done.summary)) {
    throw new Fault('worker-lied', 'The summary on the disk is not the one that the worker told.');
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
