// The settings of a model while somebody changes them: nobody else's until they are kept.
import { SvelteSet } from 'svelte/reactivity';
import type { DetectionSettings } from '../../../../appliance/contract/detection.ts';
import type { ModelSettingsChange } from '../../../../appliance/contract/model-api.ts';

export interface Alias {
  readonly id: number;
  /** The model's own name. */
  readonly of: string;
  readonly told: string;
}

export class SettingsDraft {
  confidence = $state(0);
  iou = $state(0);
  /** Those that are told, by the model's own names. Two classes of one name go together. */
  readonly classes = new SvelteSet<string>();
  aliases = $state.raw<readonly Alias[]>([]);
  /** True while there is something that is not kept. */
  changed = $state(false);
  readonly names: readonly string[];
  #lastId = 0;

  /** `classes`: all that the model has. */
  constructor(classes: readonly string[], settings: DetectionSettings) {
    this.names = [...new Set(classes)];
    this.take(settings);
  }

  /** What can be kept: somebody must be told of something. */
  get valid(): boolean {
    return this.classes.size > 0;
  }

  /** Begins anew from what is kept. */
  take({ confidence, iou, classes, aliases }: DetectionSettings): void {
    this.confidence = confidence;
    this.iou = iou;
    this.classes.clear();
    for (const name of classes ?? this.names) this.classes.add(name);
    this.aliases = Object.entries(aliases).map(([of, told]) => ({ id: ++this.#lastId, of, told }));
    this.changed = false;
  }

  slide(key: 'confidence' | 'iou', value: number): void {
    this[key] = value;
    this.changed = true;
  }

  tick(names: readonly string[], on: boolean): void {
    for (const name of names) {
      if (on) this.classes.add(name);
      else this.classes.delete(name);
    }
    this.changed = true;
  }

  /** For a class that has none yet. */
  addAlias(): void {
    const of = this.names.find((name) => !this.aliases.some((alias) => alias.of === name));
    if (of === undefined) return;
    this.aliases = [...this.aliases, { id: ++this.#lastId, of, told: '' }];
    this.changed = true;
  }

  changeAlias(id: number, part: Partial<Omit<Alias, 'id'>>): void {
    this.aliases = this.aliases.map((alias) => (alias.id === id ? { ...alias, ...part } : alias));
    this.changed = true;
  }

  dropAlias(id: number): void {
    this.aliases = this.aliases.filter((alias) => alias.id !== id);
    this.changed = true;
  }

  /** An alias without a name is none. */
  change(): ModelSettingsChange {
    const all = this.names.every((name) => this.classes.has(name));
    const told = this.aliases.map(({ of, told }) => [of, told.trim()] as const).filter(([, name]) => name !== '');
    return {
      confidence: this.confidence,
      iou: this.iou,
      classes: all ? 'all' : this.names.filter((name) => this.classes.has(name)),
      aliases: told.length > 0 ? Object.fromEntries(told) : null,
    };
  }
}

/** All that was set of a model is taken back. */
export const unset: ModelSettingsChange = { confidence: null, iou: null, classes: null, aliases: null };
