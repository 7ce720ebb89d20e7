// The plugins that jobs may name: those that come with Vedette, and those from outside as workers have found them.
import { builtInPlugins, findPlugin, type PluginManifest } from '../../contract/plugins.ts';

/** Asked anew each time: plugins from outside come and go. */
export interface OutsidePlugins {
  readonly manifests: readonly PluginManifest[];
  /** Some have not said yet who they are. */
  readonly loading: boolean;
}

export class PluginCatalogue {
  readonly #outside: OutsidePlugins;

  constructor(outside: OutsidePlugins = { manifests: [], loading: false }) {
    this.#outside = outside;
  }

  get list(): readonly PluginManifest[] {
    return [...builtInPlugins, ...this.#outside.manifests];
  }

  /** One that is not found may be there in a moment. */
  get loading(): boolean {
    return this.#outside.loading;
  }

  /** By id or alias. */
  find(name: string): PluginManifest | undefined {
    return findPlugin(this.list, name);
  }
}
