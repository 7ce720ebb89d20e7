// What the appliance can do with a source beside what it comes with: plugins from outside, and its pipelines.
import type { PipelineView } from '../../../../appliance/contract/pipeline-api.ts';
import type { InputType, PluginManifest, ToolManifest } from '../../../../appliance/contract/plugins.ts';
import { type Choice, detecting, ofPictures, ownPlugin, type ToolChoice } from '../../state/choice.ts';
import type { Intake } from '../../state/intake.svelte.ts';
import type { MediaKind } from '../../state/media-kind.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { Refusal } from '../../wire/requests.ts';

export interface OffersOptions {
  readonly appliance: Pick<Appliance, 'plugins' | 'manifest' | 'pipelines'>;
  readonly intake: Pick<Intake, 'choice' | 'choose'>;
}

const inputs = { video: 'video', picture: 'image_bytes' } as const satisfies Record<MediaKind, InputType>;

export class Offers {
  /** In the appliance's order; empty until they are known, and where there are none. */
  pipelines: readonly PipelineView[] = $state.raw([]);
  /** From outside, those that can be used. */
  plugins: readonly PluginManifest[] = $state.raw([]);

  readonly #options: OffersOptions;

  constructor(options: OffersOptions) {
    this.#options = options;
  }

  /** What is chosen and there no longer is let go. Where nobody answers, what was known stays. */
  async ask(signal: AbortSignal): Promise<void> {
    try {
      const { appliance } = this.#options;
      const [pipelines, plugins] = await Promise.all([appliance.pipelines(signal), this.#outside(signal)]);
      if (signal.aborted) return;
      [this.pipelines, this.plugins] = [pipelines, plugins];
      this.#options.intake.choose(this.#kept(this.#options.intake.choice));
    } catch (error) {
      // The header says how the connection is; these are asked for again when it is back.
      if (!signal.aborted && !(error instanceof Refusal)) throw error;
    }
  }

  toolsOf({ tools }: PluginManifest, kind: MediaKind): readonly ToolManifest[] {
    return tools.filter(({ input_types: types }) => types.includes(inputs[kind]));
  }

  /** Those of the plugins from outside that take it. */
  for(kind: MediaKind): readonly { readonly plugin: PluginManifest; readonly tools: readonly ToolManifest[] }[] {
    return this.plugins
      .map((plugin) => ({ plugin, tools: this.toolsOf(plugin, kind) }))
      .filter(({ tools }) => tools.length > 0);
  }

  async #outside(signal: AbortSignal): Promise<readonly PluginManifest[]> {
    const { appliance } = this.#options;
    const views = await appliance.plugins(signal);
    const usable = views.filter(({ name, state }) => name !== ownPlugin && state !== 'broken' && state !== 'loading');
    const manifests = await Promise.all(
      usable.map(({ name }) =>
        appliance.manifest(name, signal).catch((error: unknown) => {
          // One that went away in between is not offered; the others are.
          if (!(error instanceof Refusal)) throw error;
          return null;
        }),
      ),
    );
    return manifests.filter((manifest) => manifest !== null);
  }

  #kept({ video, picture, pipeline }: Choice): Partial<Choice> {
    return {
      video: this.#has(video, 'video') ? video : detecting,
      picture: this.#has(picture, 'picture') ? picture : ofPictures,
      pipeline: this.pipelines.find(({ name }) => name === pipeline?.name) ?? null,
    };
  }

  #has({ plugin, tools }: ToolChoice, kind: MediaKind): boolean {
    if (plugin === ownPlugin) return true;
    const there = this.plugins.find(({ id }) => id === plugin);
    const fitting = there ? this.toolsOf(there, kind).map(({ id }) => id) : [];
    return tools.every((tool) => fitting.includes(tool));
  }
}
