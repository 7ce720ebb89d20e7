// The plugins from outside: where they lie, what each says of itself, and their coming anew when their code changes.
import { basename } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import type { OutsideManifest, PluginCard, PluginPlace } from '../../contract/outside-plugins.ts';
import { builtInPlugins, findPlugin } from '../../contract/plugins.ts';
import type { Log } from '../../log.ts';
import { contentOf } from './plugin-content.ts';
import { type FolderRules, plainFolder } from './plugin-folder.ts';
import { PluginWatch } from './plugin-watch.ts';

export interface PluginsOptions {
  /** As they stand in the settings. */
  readonly folders: readonly string[];
  readonly rules: FolderRules;
  /** Has a process that is not the daemon look at it. */
  readonly inspect: (place: PluginPlace, signal: AbortSignal) => Promise<PluginCard>;
  /** One was replaced: workers that were made before may see what lay there then. */
  readonly onReplaced: () => void;
  /** Something about them is new. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** One as people see it. */
export interface OutsideView {
  /** Its id; that of its folder until it has said one. */
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly state: 'loading' | PluginCard['state'];
  readonly reason: string | null;
}

interface Slot {
  readonly folder: string;
  /** Its folder's name, with a number where two have the same. */
  readonly name: string;
  readonly watch: PluginWatch;
  /** Its real path; null where it has none, or workers may not be shown it. */
  path: string | null;
  card: Card;
  /** What it last said of itself. */
  manifest: OutsideManifest | null;
  /** What lay there when it was looked at: a hash, or why nothing there is looked at. */
  seen: string | null;
  /** In so many looks in a row something changed there meanwhile. */
  restless: number;
  /** Settles when it has been looked at for the last time so far. */
  turn: Promise<void>;
}

/** Where something changes in each look, it is the plugin that writes there. */
const mostRestless = 3;

type Card = PluginCard | { readonly state: 'loading' };

export class Plugins {
  readonly #options: PluginsOptions;
  readonly #slots: readonly Slot[];
  #begin = (): void => undefined;
  readonly #closing = new AbortController();

  private constructor(options: PluginsOptions) {
    const { folders, log } = options;
    this.#options = options;
    const names = new Set<string>();
    const begun = new Promise<void>((resolve) => (this.#begin = resolve));
    this.#slots = folders.map((folder) => {
      const name = freeName(basename(folder), names);
      const watch = new PluginWatch({ folder, onChange: () => this.#changed(name), log });
      const slot = { folder, name, watch, path: null, manifest: null, seen: null, restless: 0, turn: begun };
      return { ...slot, card: { state: 'loading' } };
    });
  }

  /** Looks where they lie; nothing of them is loaded yet. */
  static async open(options: PluginsOptions): Promise<Plugins> {
    const plugins = new Plugins(options);
    for (const slot of plugins.#slots) await plugins.#place(slot);
    return plugins;
  }

  /** From now on they are looked at, and again whenever they change. */
  begin(): void {
    for (const [at, slot] of this.#slots.entries()) {
      // Two at a time: one that cannot be loaded does not hold all others up, nor do twenty take the whole machine.
      const before = this.#slots[at - 2]?.turn;
      slot.turn = Promise.all([slot.turn, before]).then(() => this.#first(slot));
    }
    this.#begin();
  }

  /** Folders that workers must see, by their real paths. */
  get paths(): string[] {
    return this.#slots.flatMap(({ path }) => (path === null ? [] : [path]));
  }

  /** Of those that jobs may name. */
  get manifests(): OutsideManifest[] {
    return this.#slots
      .map((slot) => this.#cardOf(slot))
      .flatMap((card) => (card.state === 'usable' ? [card.manifest] : []));
  }

  get views(): OutsideView[] {
    return this.#slots.map((slot) => this.#view(slot));
  }

  /** Some have not said yet who they are. */
  get loading(): boolean {
    return this.#slots.some(({ card }) => card.state === 'loading');
  }

  /** A sentence for each that cannot be used, else null. */
  get complaint(): string | null {
    const broken = this.views.filter(({ state }) => state === 'broken');
    const sentences = broken.map(({ name, reason }) => `The plugin ${name} cannot be used. ${reason ?? ''}`);
    return sentences.length > 0 ? sentences.join(' ') : null;
  }

  /**
   * Where the plugin of this id lies, when it has been looked at; null for one that comes with Vedette. Throws Fault
   * 'plugin-broken' or 'plugin-not-found'.
   */
  async placeOf(id: string): Promise<PluginPlace | null> {
    if (builtInPlugins.some((plugin) => plugin.id === id)) return null;
    for (;;) {
      const slots = this.#slots.filter(({ manifest }) => manifest?.id === id);
      const usable = slots.find((slot) => this.#cardOf(slot).state === 'usable');
      if (usable?.path != null) return { id: usable.name, path: usable.path };
      const [broken] = slots.map((slot) => this.#cardOf(slot)).filter((card) => card.state === 'broken');
      if (broken) throw new Fault('plugin-broken', `The plugin ${id} cannot be used. ${broken.reason}`);
      const loading = this.#slots.filter(({ card }) => card.state === 'loading');
      if (loading.length === 0 || this.#closing.signal.aborted) break;
      await Promise.race(loading.map(({ turn }) => turn));
    }
    throw new Fault('plugin-not-found', `There is no plugin ${id} any more.`);
  }

  /** What it is now; jobs that run go on with what they have loaded. Undefined where there is none of this name. */
  async reload(name: string): Promise<OutsideView | undefined> {
    const slot = this.#slots.find((one) => this.#view(one).name === name);
    if (!slot) return undefined;
    slot.turn = slot.turn.then(() => this.#again(slot));
    await slot.turn;
    return this.#view(slot);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { watch } of this.#slots) watch.close();
    this.#begin();
    await Promise.all(this.#slots.map(({ turn }) => turn));
  }

  #changed(name: string): void {
    const slot = this.#slots.find((one) => one.name === name);
    if (slot) slot.turn = slot.turn.then(() => this.#again(slot, true));
  }

  async #first(slot: Slot): Promise<void> {
    await slot.watch.follow();
    await this.#look(slot, await contentIn(slot));
  }

  /** One look after the other at the same plugin. `unlessSame`: none where the same lies there still. */
  async #again(slot: Slot, unlessSame = false): Promise<void> {
    if (this.#closing.signal.aborted) return;
    await slot.watch.follow();
    await this.#place(slot);
    const content = await contentIn(slot);
    if (unlessSame && content === slot.seen) return;
    if (await this.#look(slot, content)) this.#options.onReplaced();
  }

  /** `content`: what lies there now. False: nobody wants to know any more. */
  async #look(slot: Slot, content: string): Promise<boolean> {
    const { signal } = this.#closing;
    const { onChange, inspect, log } = this.#options;
    const card = slot.path === null ? null : await inspect({ id: slot.name, path: slot.path }, signal);
    if (signal.aborted) return false;
    const after = await contentIn(slot);
    slot.restless = after === content ? 0 : slot.restless + 1;
    slot.seen = slot.restless < mostRestless ? content : after;
    if (card) slot.card = card;
    if (slot.card.state === 'usable') slot.manifest = slot.card.manifest;
    const { state, reason, version } = this.#view(slot);
    if (state === 'usable') log.info({ plugin: slot.manifest?.id, version }, 'plugin loaded');
    else log.warn({ plugin: slot.manifest?.id ?? slot.name, reason }, 'plugin cannot be used');
    onChange();
    return true;
  }

  async #place(slot: Slot): Promise<void> {
    try {
      slot.path = await plainFolder(slot.folder, this.#options.rules);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      slot.path = null;
      slot.card = { state: 'broken', reason: error.message };
    }
  }

  /** Of two that say the same id, the one that stands first in the settings has it. */
  #cardOf(slot: Slot): Card {
    if (slot.card.state !== 'usable') return slot.card;
    const { id } = slot.card.manifest;
    if (findPlugin(builtInPlugins, id))
      return { state: 'broken', reason: `Its id ${id} is that of a built-in plugin.` };
    const first = this.#slots.find(({ card }) => card.state === 'usable' && card.manifest.id === id);
    if (!first || first === slot) return slot.card;
    return { state: 'broken', reason: `Its id ${id} is that of the plugin in the folder ${first.name}.` };
  }

  #view(slot: Slot): OutsideView {
    const card = this.#cardOf(slot);
    const { manifest, name } = slot;
    return {
      // Two of one id are told apart by their folders.
      name: card.state === 'usable' || slot.card.state !== 'usable' ? (manifest?.id ?? name) : name,
      description: manifest?.description ?? '',
      version: manifest?.version ?? '',
      state: card.state,
      reason: card.state === 'broken' ? card.reason : null,
    };
  }
}

async function contentIn({ path, card }: Slot): Promise<string> {
  if (path !== null) return `${path} ${await contentOf(path)}`;
  return card.state === 'broken' ? card.reason : '';
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`;
  taken.add(name);
  return name;
}
