// A worker that is on its way to a job: waited for, as long as the job wants it.
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface Supplied {
  readonly worker: WorkerProcess;
  readonly model: ModelCard;
}

/** When it has loaded its model. Rejects with the Fault that says why it has not, or 'cancelled'; the worker is ended then. */
export async function whenLoaded(worker: WorkerProcess, signal: AbortSignal): Promise<Supplied> {
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(new Fault('cancelled', 'Cancelled'));
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    const { model } = await Promise.race([worker.ready, aborted]);
    return { worker, model };
  } catch (error) {
    void worker.end();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
