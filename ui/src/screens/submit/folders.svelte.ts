// Looking through the folders that videos are taken in from, such as a USB stick's.
import type { ImportFolder, ImportListing } from '../../../../appliance/contract/import-api.ts';
import { type Choice, orderFor } from '../../state/choice.ts';
import type { Pushed } from '../../state/pushed.svelte.ts';
import type { Refused } from '../../wire/answers.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { importSent } from '../../wire/job-words.ts';
import { Refusal } from '../../wire/requests.ts';

export interface FoldersOptions {
  readonly appliance: Pick<Appliance, 'imports' | 'importFiles' | 'beginImport'>;
  readonly pushed: Pick<Pushed, 'imports'>;
}

export class Folders {
  /** Null until they are known. */
  list: readonly ImportFolder[] | null = $state.raw(null);
  /** The one that is looked into; null: none yet. */
  folder: string | null = $state(null);
  /** Null until it is known. */
  listing: ImportListing | null = $state.raw(null);
  /** Paths inside the folder, of whichever place in it. */
  selected: readonly string[] = $state.raw([]);
  refused: Refused | null = $state.raw(null);
  /** They are being ordered. */
  ordering = $state(false);

  readonly #options: FoldersOptions;
  #asking = new AbortController();
  #path = '';

  constructor(options: FoldersOptions) {
    this.#options = options;
  }

  /** Looks for the folders; where there is only one that is there, into it. */
  async open(): Promise<void> {
    this.folder = this.listing = null;
    this.selected = [];
    await this.#ask(async (signal) => {
      const { folders, copies } = await this.#options.appliance.imports(signal);
      this.#options.pushed.imports = copies;
      return () => (this.list = folders);
    });
    const [only, ...others] = (this.list ?? []).filter(({ available }) => available);
    if (only && others.length === 0) await this.enter(only.name, '');
  }

  /** `path` inside the folder; empty for its top. */
  async enter(folder: string, path: string): Promise<void> {
    if (folder !== this.folder) this.selected = [];
    this.folder = folder;
    this.listing = null;
    this.#path = path;
    await this.#ask(async (signal) => {
      const listing = await this.#options.appliance.importFiles(folder, path, signal);
      return () => (this.listing = listing);
    });
  }

  /** Looks again at what is shown. */
  again(): Promise<void> {
    return this.folder === null ? this.open() : this.enter(this.folder, this.#path);
  }

  /** One step up; from the top to the folders. */
  async leave(): Promise<void> {
    if (this.folder !== null && this.#path !== '')
      return this.enter(this.folder, this.#path.split('/').slice(0, -1).join('/'));
    this.folder = this.listing = this.refused = null;
    this.selected = [];
  }

  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}/${name}`;
  }

  toggle(path: string): void {
    const others = this.selected.filter((one) => one !== path);
    this.selected = others.length < this.selected.length ? others : [...others, path];
  }

  /** Every video of the place that is shown; all of them already: none. */
  toggleAll(): void {
    const here = (this.listing?.entries ?? [])
      .filter(({ kind }) => kind === 'video')
      .map(({ name }) => this.pathOf(name));
    const all = here.every((path) => this.selected.includes(path));
    const others = this.selected.filter((path) => !here.includes(path));
    this.selected = all ? others : [...others, ...here];
  }

  /** True where they are on their way. */
  async order(choice: Choice): Promise<boolean> {
    const { folder, selected } = this;
    if (folder === null || selected.length === 0) return false;
    this.ordering = true;
    this.refused = null;
    try {
      const wish = importSent(folder, selected.slice(0, mostPaths), orderFor('video', choice));
      this.#options.pushed.imports = (await this.#options.appliance.beginImport(wish)).copies;
      // What does not fit into one order stays selected for the next.
      this.selected = selected.slice(mostPaths);
      return this.selected.length === 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused = error.refused;
      return false;
    } finally {
      this.ordering = false;
    }
  }

  close(): void {
    this.#asking.abort();
  }

  /** The answer to a question that was overtaken by another is not used. */
  async #ask(question: (signal: AbortSignal) => Promise<() => void>): Promise<void> {
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    this.refused = null;
    try {
      const use = await question(signal);
      if (!signal.aborted) use();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.refused = error.refused;
    }
  }
}

/** The most that the appliance takes in one order. */
const mostPaths = 500;
