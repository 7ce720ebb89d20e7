// The server that the suite speaks to: any running one that is named by its address, else a daemon of our own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../support/daemon.ts';

export interface Target {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string | null;
  /** URL of the broker that it publishes to; null: that part is left out. */
  readonly mqtt: string | null;
  /** Whether it takes commands there. */
  readonly commands: boolean;
  readonly close: () => Promise<void>;
}

interface Named {
  readonly VEDETTE_COMPAT_URL?: string;
  readonly VEDETTE_COMPAT_KEY?: string;
  readonly VEDETTE_COMPAT_MQTT?: string;
  /** Any text: the broker is one on which it takes commands. */
  readonly VEDETTE_COMPAT_COMMANDS?: string;
}

// eslint-disable-next-line no-restricted-properties -- switches of the tests, no settings of the product
const named: Named = process.env;
export const other: string | null = named.VEDETTE_COMPAT_URL ?? null;

/** Ready for jobs. */
export async function openTarget(): Promise<Target> {
  if (other !== null) {
    const { VEDETTE_COMPAT_KEY: key = null, VEDETTE_COMPAT_MQTT: mqtt = null } = named;
    const commands = Boolean(named.VEDETTE_COMPAT_COMMANDS);
    return { url: other.replace(/\/+$/, ''), key, mqtt, commands, close: () => Promise.resolve() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'vedette-compat-'));
  let kill = (): Promise<void> => Promise.resolve();
  const settings = join(folder, 'vedette.yaml');
  // Anybody on this machine may speak there, so that it has to be said.
  writeFileSync(settings, "mqtt: { commands: 'on' }\n");
  const env = { VEDETTE_CONFIG: settings, VEDETTE_MQTT_URL: 'embedded:0' };
  const daemon = await startDaemon({ folder, env, atEnd: (end) => (kill = end) });
  await daemon.logged('ready for jobs');
  const { url } = await daemon.logged('embedded MQTT broker listens');
  return {
    ...{ url: daemon.url, key: null, mqtt: String(url), commands: true },
    close: async () => {
      await daemon.stop();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
