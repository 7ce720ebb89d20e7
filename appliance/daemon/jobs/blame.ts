// Whose fault it is that a job cannot be done: that of its video's decoder, or of the plugin from outside that works on it. Pure.
import { Fault, type FaultCode } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import { builtInPlugins } from '../../contract/plugins.ts';

type Work = Pick<Job, 'pluginId' | 'tools'>;

/** What a plugin can do to its own worker. */
const ofWorker: readonly FaultCode[] = ['worker-over-memory', 'worker-over-time', 'worker-lied'];

/** One that hangs would hang again: another worker is for decoders, which do not always. */
export function isHopeless(fault: Fault, work: Work): boolean {
  return fault.code === 'worker-hung' && isOutside(work);
}

/** `fault`: how the last of its workers was lost, so many frames, and seconds, into the video. */
export function afterLastDeath(fault: Fault, work: Work, at: { readonly frame: number; readonly ptsS: number }): Fault {
  const place = `at frame ${at.frame} (${at.ptsS.toFixed(2)} s)`;
  const what = fault.code === 'worker-hung' ? 'hung' : 'crashed';
  if (!isOutside(work)) return new Fault('decoder-crashed', `decoder ${what} ${place}`, { cause: fault });
  return new Fault('tool-failed', `The ${named(work)} ${what} ${place}. ${fault.message}`, { cause: fault });
}

/** The same fault, with the plugin named that may have caused it. */
export function blamed(fault: Fault, work: Work): Fault {
  if (!isOutside(work) || !ofWorker.includes(fault.code)) return fault;
  return new Fault(fault.code, `${fault.message} It ran the ${named(work)}.`, { cause: fault });
}

function isOutside({ pluginId }: Work): boolean {
  return !builtInPlugins.some(({ id }) => id === pluginId);
}

function named({ pluginId, tools }: Work): string {
  return `plugin ${pluginId} (${tools.join(', ')})`;
}
