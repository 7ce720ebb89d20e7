// What tools are called: those that come with the appliance in the visitor's language, those from outside by their manifest.
import { SvelteMap } from 'svelte/reactivity';
import type { JobItem } from '../../../appliance/contract/api.ts';
import type { ToolId } from '../../../appliance/contract/plugins.ts';
import type { Appliance } from '../wire/appliance.ts';
import { Refusal } from '../wire/requests.ts';
import type { Language } from '../words/language.svelte.ts';
import type { MessageId } from '../words/message-id.ts';

export interface ToolTitlesOptions {
  readonly appliance: Pick<Appliance, 'manifest'>;
  readonly language: Pick<Language, 't'>;
}

type OfTools = Pick<JobItem, 'appliance' | 'outside' | 'plugin_id' | 'tools'>;

const own = {
  player_detection: 'board.tool-image',
  video_player_detection: 'board.tool-detection',
  video_player_tracking: 'board.tool-tracking',
} as const satisfies Record<ToolId, MessageId>;

export class ToolTitles {
  readonly #options: ToolTitlesOptions;
  /** By plugin and tool. */
  readonly #titles = new SvelteMap<string, string>();
  readonly #asked = new Set<string>();

  constructor(options: ToolTitlesOptions) {
    this.#options = options;
  }

  /** Has the titles of this job's tools asked for, where they are not known. For an effect. */
  async learn({ appliance, outside, plugin_id: plugin, tools }: OfTools): Promise<void> {
    if (appliance !== null || outside !== null || this.#asked.has(plugin) || tools.every(isOwn)) return;
    this.#asked.add(plugin);
    try {
      const manifest = await this.#options.appliance.manifest(plugin, new AbortController().signal);
      for (const { id, title } of manifest.tools) this.#titles.set(`${plugin} ${id}`, title);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // A plugin that is gone leaves its tools their ids; nobody who answered may answer later.
      if (error.refused.status === 0) this.#asked.delete(plugin);
    }
  }

  of({ plugin_id: plugin }: Pick<JobItem, 'plugin_id'>, tool: string): string {
    return isOwn(tool) ? this.#options.language.t(own[tool]) : (this.#titles.get(`${plugin} ${tool}`) ?? tool);
  }

  /** In their order. */
  all(job: OfTools): string[] {
    return job.tools.map((tool) => this.of(job, tool));
  }
}

function isOwn(tool: string): tool is ToolId {
  return tool in own;
}
