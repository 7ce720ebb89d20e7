// The plugins from outside as the settings name them.
import type { PluginCard, PluginPlace } from '../contract/outside-plugins.ts';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import { Plugins } from './plugins/plugins.ts';
import { secretFiles } from './secret-files.ts';

export interface PluginsPartOptions {
  readonly inspect: (place: PluginPlace, signal: AbortSignal) => Promise<PluginCard>;
  /** Workers that wait are to be made anew. */
  readonly renew: () => void;
  readonly onChange: () => void;
  readonly log: Log;
}

export function openPlugins(config: Config, { renew, ...rest }: PluginsPartOptions): Promise<Plugins> {
  return Plugins.open({
    ...rest,
    folders: config.plugins.map(({ path }) => path),
    rules: { data: config.data, secrets: secretFiles(config) },
    onReplaced: renew,
  });
}
