// Looks at a plugin from outside in a process of its own, which is confined as a worker is: what it says of itself.
import { Fault } from '../../contract/fault.ts';
import { PluginCard, type PluginPlace } from '../../contract/outside-plugins.ts';
import type { Log } from '../../log.ts';
import type { Confinement } from './confinement.ts';
import { launch, type Launched } from './launch.ts';
import { MemoryWatch } from './memory-watch.ts';

export interface PluginInspectionOptions {
  /** The module to run. */
  readonly entry: URL;
  readonly confinement: Confinement;
  /** Resident memory that it may take. */
  readonly memoryBytes: number;
  /** One that has not said what it is by then is broken. */
  readonly patienceMs: number;
  /** Aborted: nobody wants to know any more. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Never rejects for what the plugin does: then it is broken. */
export async function inspectPlugin(place: PluginPlace, options: PluginInspectionOptions): Promise<PluginCard> {
  const { entry, confinement, memoryBytes, signal, log } = options;
  if (signal.aborted) return broken('Nobody wants to know any more.');
  const launched = await launch(entry, confinement, '').catch((err: unknown) => {
    log.error({ err, plugin: place.id }, 'process for a plugin could not be launched');
    return null;
  });
  if (!launched) return broken('No process could be made to look at it.');
  const watch = new MemoryWatch({ allowed: memoryBytes, onExcess: () => void launched.kill() });
  watch.open(launched);
  try {
    return await said(launched, place, options);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const memory = watch.close();
    if (launched.stderr.length > 0) log.info({ plugin: place.id, stderr: launched.stderr }, 'plugin printed');
    return broken(
      memory ? 'It takes more memory than worker.memory_mb allows as soon as it is loaded.' : error.message,
    );
  } finally {
    watch.close();
    await launched.kill();
    await launched.ended;
    await launched.seat.leave();
  }
}

async function said({ child, ended }: Launched, place: PluginPlace, options: PluginInspectionOptions) {
  const { patienceMs, signal } = options;
  const settled = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<PluginCard>((resolve, reject) => {
      child.on('message', (message) => {
        const { data } = PluginCard.safeParse(message);
        if (data) resolve(data);
        else reject(new Fault('plugin-broken', 'It sent a message of its own when it was loaded.'));
      });
      void ended.then((how) => {
        reject(new Fault('plugin-broken', `The process that loaded it ended before it was loaded: ${how}.`));
      });
      timer = setTimeout(() => {
        reject(new Fault('plugin-broken', `It was not loaded within ${(patienceMs / 1000).toFixed(0)} s.`));
      }, patienceMs);
      const giveUp = () => reject(new Fault('cancelled', 'Cancelled'));
      signal.addEventListener('abort', giveUp, { signal: settled.signal });
      if (signal.aborted) giveUp();
      child.send(place, () => undefined); // where it is gone already, `ended` says so
    });
  } finally {
    clearTimeout(timer);
    settled.abort();
  }
}

function broken(reason: string): PluginCard {
  return { state: 'broken', reason };
}
