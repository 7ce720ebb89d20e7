// Waiting on a pipeline: until it brings something, someone calls it off, or it has been silent for too long.
import { Fault } from '../../contract/fault.ts';

export interface Patience {
  /** A pipeline that brings nothing for so long is given up. */
  readonly stallMs: number;
  /** Aborted with a Fault as its reason. */
  readonly signal: AbortSignal;
}

/**
 * Rejects with the signal's reason or with Fault source-stalled. Leaves nothing behind on a promise or signal that
 * outlives the wait, as Promise.race would: it is called for every frame.
 */
export function waitFor<T>(coming: Promise<T>, { stallMs, signal }: Patience): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = () => settle(() => reject(signal.reason as Fault));
    const onStall = () => {
      const seconds = (stallMs / 1000).toFixed(1);
      settle(() =>
        reject(
          new Fault(
            'source-stalled',
            `Nothing came out of the file for ${seconds} s; it is damaged, or its disk hangs.`,
          ),
        ),
      );
    };
    const onArrival = () => settle(() => resolve(coming));
    // Timers run before what the thread pool has finished is delivered: let that come first, it may be the frame.
    const timer = setTimeout(() => setImmediate(onStall), stallMs);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    coming.then(onArrival, onArrival);
  });
}
