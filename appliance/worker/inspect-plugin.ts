// The entry of a process that loads one plugin from outside, says what the plugin says of itself, and leaves.
import { Fault } from '../contract/fault.ts';
import { type PluginCard, PluginPlace } from '../contract/outside-plugins.ts';
import { loadPlugin, reasonOf } from './tools/load-plugin.ts';

process.once('message', (message) => void inspect(PluginPlace.parse(message)));
process.on('disconnect', vanish);

async function inspect(place: PluginPlace): Promise<void> {
  // What it throws on the side, from a timer perhaps.
  process.once('uncaughtException', (error) => broken(`It fails when it is loaded: ${reasonOf(error, place.path)}`));
  try {
    const { manifest } = await loadPlugin(place);
    tell({ state: 'usable', manifest });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    broken(error.message);
  }
}

function broken(reason: string): void {
  tell({ state: 'broken', reason });
}

function tell(card: PluginCard): void {
  process.send?.(card, undefined, undefined, vanish);
}

/** Whatever the plugin has begun. */
function vanish(): void {
  process.kill(process.pid, 'SIGKILL');
}
