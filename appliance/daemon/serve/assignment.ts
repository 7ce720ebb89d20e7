// What is to be done with a source, as a submit asks for it: by which plugin and tools, with which options, by which plan.
import { Fault } from '../../contract/fault.ts';
import { type JobOptions, noJobOptions } from '../../contract/job-options.ts';
import type { Job } from '../../contract/job.ts';
import { hasStage, type Plan, withoutStage, withStage } from '../../contract/plan.ts';
import type { InputType } from '../../contract/plugins.ts';
import { nearNames, quoted } from '../models/near-names.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import { capableTools, chooseTools, type KnownPlugins } from './choose-tool.ts';
import { checkedOptions, type OptionModels } from './job-options.ts';
import { missing, Unprocessable } from './mistakes.ts';

export interface AssignmentOptions {
  readonly plugins: KnownPlugins;
  readonly pipelines: Pick<Pipelines, 'get' | 'names' | 'plain' | 'usual'>;
  readonly models: OptionModels;
}

/** Names as the client wrote them. */
export interface Wish {
  /** Null: that of the pipeline, else the appliance's own. */
  readonly plugin: string | null;
  /** None: those of the pipeline. */
  readonly tools: readonly string[];
  /** What the tools are to be capable of, in place of their names. */
  readonly capabilities?: readonly string[];
  readonly input: InputType;
  readonly options: Partial<JobOptions>;
  /** The appliance downloads the source itself. */
  readonly download?: boolean;
}

/** Of a submit that names none. */
const ownPlugin = 'yolo-tracker';

export type Assignment = Pick<Job, 'pluginId' | 'tools' | 'jobType' | 'options' | 'plan'>;

export class Assignments {
  readonly #options: AssignmentOptions;

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  /**
   * Checks in the order of the older dialect. Throws Fault 'malformed-request', 'plugin-not-found', 'tool-not-found',
   * 'tool-input-mismatch', 'pipeline-not-found', 'model-refused', UnknownModel, Busy where the plugin may be one that is
   * still being loaded, or Unprocessable where nobody names a tool.
   */
  async decide(wish: Wish): Promise<Assignment> {
    const assumed = this.assume(wish);
    return { ...assumed, options: await checkedOptions(wish.options, this.#options.models) };
  }

  /** The same without a look at the models: what they do not have is for the job to tell. */
  assume(wish: Wish): Assignment {
    const { plugin, tools: named, capabilities = [], input, options, download = false } = wish;
    const usual = this.#options.pipelines.usual(options.pipeline ?? '');
    const { plugins } = this.#options;
    const pluginName = plugin ?? usual.plugin ?? ownPlugin;
    if (named.length > 0 && capabilities.length > 0) throw notBoth(named, capabilities);
    const meant = capabilities.length > 0 ? capableTools(plugins, pluginName, capabilities, input) : named;
    const names = meant.length > 0 ? meant : usual.tools;
    if (names.length === 0) {
      this.#planFor(options, download); // a pipeline that is not there is the nearer mistake
      throw new Unprocessable([missing(download ? 'body' : 'query', 'tool')]);
    }
    const { pluginId, tools } = chooseTools(plugins, pluginName, names, input);
    const kind = input === 'video' ? 'video' : 'image';
    const jobType = tools.length > 1 ? (`${kind}_multi` as const) : kind;
    const plan = this.#planFor(options, download);
    if (kind === 'image' && (hasStage(plan, 'annotating') || hasStage(plan, 'clipping'))) throw needsVideo();
    return { pluginId, tools, jobType, plan, options: { ...noJobOptions, ...options } };
  }

  #planFor({ pipeline: name = null, annotated = false }: Partial<JobOptions>, download: boolean): Plan {
    const plan = name === null ? this.#options.pipelines.plain(annotated) : this.#named(name);
    const shown = annotated ? withStage(plan, 'annotating') : plan;
    return download ? withStage(shown, 'downloading') : withoutStage(shown, 'downloading');
  }

  #named(name: string): Plan {
    const { pipelines } = this.#options;
    const plan = pipelines.get(name);
    if (plan) return plan;
    const near = nearNames(name, pipelines.names);
    const hint = near.length > 0 ? ` Near: ${quoted(near)}.` : '';
    throw new Fault('pipeline-not-found', `There is no pipeline "${name}".${hint}`);
  }
}

function needsVideo(): Fault {
  return new Fault('tool-input-mismatch', 'Only a video can be annotated or cut into clips; this is for a picture');
}

function notBoth(tools: readonly string[], capabilities: readonly string[]): Fault {
  const [named, meant] = [tools, capabilities].map((names) => names.map((name) => `'${name}'`).join(', '));
  return new Fault(
    'malformed-request',
    `Name the tool (${named ?? ''}) or the logical_tool_id (${meant ?? ''}), not both`,
  );
}
