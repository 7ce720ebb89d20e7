// What is set of each model: the operator's file below, what the kiosk and REST have set above it, key by key.
import { stat } from 'node:fs/promises';
import type { DetectionSettings } from '../../contract/detection.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelSettings, ModelSettingsChange } from '../../contract/model-api.ts';
import type { Log } from '../../log.ts';
import { unknownClass } from './near-names.ts';
import { readSettings, type SettingsContent, writeSettings } from './settings-file.ts';

export interface SettingsOptions {
  /** The operator's; never written. */
  readonly operatorFile: string;
  /** Takes what is set here. */
  readonly ownFile: string;
  /** Of a model of which nothing is set. */
  readonly defaults: Pick<DetectionSettings, 'confidence' | 'iou'>;
  readonly log: Log;
}

export class Settings {
  readonly #options: SettingsOptions;
  #operator: SettingsContent = {};
  #operatorAge = '';
  #own: SettingsContent = {};
  #complaints = { operator: null as string | null, own: null as string | null };
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: SettingsOptions) {
    this.#options = options;
  }

  /** Throws Fault 'config-invalid' where the operator's file is wrong. */
  static async open(options: SettingsOptions): Promise<Settings> {
    const settings = new Settings(options);
    settings.#operatorAge = await ageOf(options.operatorFile);
    settings.#operator = await readSettings(options.operatorFile);
    // Its own file is not the operator's to mend: the appliance starts without it, and says so.
    settings.#own = await readSettings(options.ownFile).catch((error: unknown) => {
      settings.#complaints.own = `${reasonOf(error)}. What was set on the kiosk does not hold; set it anew.`;
      options.log.error({ err: error }, 'settings of models cannot be read');
      return {};
    });
    return settings;
  }

  /** A sentence while a file is wrong, else null. */
  get complaint(): string | null {
    return this.#complaints.operator ?? this.#complaints.own;
  }

  /** The models to begin with, best first. */
  get defaults(): readonly string[] {
    return [this.#own.default, this.#operator.default].filter((name) => name !== undefined);
  }

  /** As the next job on it takes them. */
  of(name: string): DetectionSettings {
    const set: ModelSettings = { ...this.#operator.models?.[name], ...this.#own.models?.[name] };
    const { classes = 'all', confidence, iou, aliases = {} } = set;
    const { defaults } = this.#options;
    return {
      confidence: confidence ?? defaults.confidence,
      iou: iou ?? defaults.iou,
      classes: classes === 'all' ? null : classes,
      aliases,
    };
  }

  /** Null where the settings of this model name only classes that it has, else a sentence with what may be meant. */
  mistakeIn(name: string, classes: readonly string[]): string | null {
    return mistakeIn(this.of(name), classes);
  }

  /** On the disk when it returns. Throws Fault 'model-refused' for a class that is none of `classes`. */
  change(name: string, change: ModelSettingsChange, classes: readonly string[]): Promise<void> {
    return this.#write((own) => {
      const set = without({ ...own.models?.[name], ...change });
      const mistake = mistakeIn({ classes: null, aliases: {}, ...withoutAll(set) }, classes);
      if (mistake !== null) throw new Fault('model-refused', mistake);
      return { ...own, models: { ...own.models, [name]: set } };
    });
  }

  setDefault(name: string): Promise<void> {
    return this.#write((own) => ({ ...own, default: name }));
  }

  /** Of a model that is removed. */
  forget(name: string): Promise<void> {
    return this.#write(({ default: first, models = {} }) => ({
      ...(first === undefined || first === name ? {} : { default: first }),
      models: Object.fromEntries(Object.entries(models).filter(([other]) => other !== name)),
    }));
  }

  /** Looks whether the operator has edited the file. One that is wrong is told of, and the last good one stays. */
  async refresh(): Promise<void> {
    const { operatorFile, log } = this.#options;
    const age = await ageOf(operatorFile);
    if (age === this.#operatorAge) return;
    this.#operatorAge = age;
    try {
      this.#operator = await readSettings(operatorFile);
      this.#complaints.operator = null;
      log.info({ file: operatorFile }, 'settings of models read again');
    } catch (err) {
      this.#complaints.operator = `${reasonOf(err)}. The settings before this edit hold until it is right.`;
      log.error({ err }, 'settings of models are wrong; the last good ones hold');
    }
  }

  #write(next: (own: SettingsContent) => SettingsContent): Promise<void> {
    const turn = this.#writing.then(async () => {
      const content = next(this.#own);
      await writeSettings(this.#options.ownFile, content);
      this.#own = content;
      this.#complaints.own = null;
    });
    this.#writing = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  }
}

function mistakeIn(set: Pick<DetectionSettings, 'classes' | 'aliases'>, classes: readonly string[]): string | null {
  return unknownClass([...(set.classes ?? []), ...Object.keys(set.aliases)], classes);
}

/** What was set to null is not set any more. */
function without(change: ModelSettingsChange): ModelSettings {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null && value !== undefined));
}

function withoutAll({ classes, aliases }: ModelSettings): Partial<Pick<DetectionSettings, 'classes' | 'aliases'>> {
  return { ...(classes === undefined || classes === 'all' ? {} : { classes }), ...(aliases && { aliases }) };
}

async function ageOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null); // none is one more state that it may be in
  return found ? `${found.mtimeMs} ${found.size}` : '';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
