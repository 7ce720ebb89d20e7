// The models that are there, and what a worker that loaded each of them says of it: one after another, each once.
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import { type ModelFile, type ModelFolder, scan } from './scan.ts';

export type Verdict =
  | { readonly kind: 'checking' }
  | { readonly kind: 'usable'; readonly card: ModelCard }
  | { readonly kind: 'unusable'; readonly reason: string };

export interface Listed extends ModelFile {
  readonly verdict: Verdict;
}

export interface CatalogueOptions {
  readonly folders: readonly ModelFolder[];
  /** Has a worker load the file; throws the Fault that says why it could not. */
  readonly probe: (file: ModelFile) => Promise<ModelCard>;
  /** What is known of it without that. */
  readonly known: (file: ModelFile) => ModelCard | null;
  /** A worker has said what it makes of this file. */
  readonly onVerdict: (file: ModelFile, verdict: Verdict) => void;
  readonly log: Log;
}

/** Files that are gone or changed leave a verdict behind. */
const mostVerdicts = 2000;

export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #verdicts = new Map<string, Verdict>();
  #files: readonly ModelFile[] = [];
  #scanning: Promise<void> | null = null;
  #checking: Promise<void> | null = null;
  #told: (() => void)[] = [];
  #closed = false;

  constructor(options: CatalogueOptions) {
    this.#options = options;
  }

  /** As the folders are now. What no worker has seen yet is checked from now on. */
  async list(): Promise<Listed[]> {
    await this.#scan();
    this.#check();
    return this.#files.map((file) => ({ ...file, verdict: this.#verdictOn(file) }));
  }

  /** Undefined where there is none of this name. */
  async find(name: string): Promise<Listed | undefined> {
    return (await this.list()).find((file) => file.name === name);
  }

  /** The same when a worker has seen it. Throws Fault 'cancelled' when the catalogue is closed meanwhile. */
  async findChecked(name: string): Promise<Listed | undefined> {
    for (;;) {
      const file = await this.find(name);
      if (file?.verdict.kind !== 'checking') return file;
      if (this.#closed) throw new Fault('cancelled', 'The appliance is about to stop');
      await new Promise<void>((resolve) => this.#told.push(resolve));
    }
  }

  /** Somebody else had a worker load this file. */
  learn(file: Pick<ModelFile, 'key'>, verdict: Verdict): void {
    this.#verdicts.delete(file.key);
    this.#verdicts.set(file.key, verdict);
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= mostVerdicts) break;
      this.#verdicts.delete(oldest);
    }
    for (const tell of this.#told.splice(0)) tell();
  }

  /** A worker that checks a file is for whoever made it to end; what it says then is heard by nobody. */
  close(): void {
    this.#closed = true;
    for (const tell of this.#told.splice(0)) tell();
  }

  #verdictOn(file: ModelFile): Verdict {
    if (file.misnamed !== null) return { kind: 'unusable', reason: file.misnamed };
    const card = this.#options.known(file);
    return card ? { kind: 'usable', card } : (this.#verdicts.get(file.key) ?? { kind: 'checking' });
  }

  async #scan(): Promise<void> {
    // A look that began before this question may have missed what it is about.
    await this.#scanning;
    this.#scanning ??= scan(this.#options.folders)
      .then((files) => {
        this.#files = files;
      })
      .finally(() => (this.#scanning = null));
    await this.#scanning;
  }

  #check(): void {
    if (this.#closed || this.#checking) return;
    const next = this.#files.find((file) => this.#verdictOn(file).kind === 'checking');
    if (!next) return;
    this.#checking = this.#ask(next).finally(() => {
      this.#checking = null;
      this.#check();
    });
  }

  async #ask(file: ModelFile): Promise<void> {
    let verdict: Verdict;
    try {
      verdict = { kind: 'usable', card: await this.#options.probe(file) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      verdict = { kind: 'unusable', reason: reasonOf(error, file) };
      if (!this.#closed)
        this.#options.log.info({ model: file.name, code: error.code, reason: error.message }, 'model cannot be used');
    }
    if (this.#closed) return;
    this.learn(file, verdict);
    this.#options.onVerdict(file, verdict);
  }
}

/** Without the place where the file lies, which is nobody's business on the network. */
export function reasonOf(fault: Fault, { path, name }: Pick<ModelFile, 'path' | 'name'>): string {
  return fault.message.replaceAll(path, `${name}.onnx`);
}
