// One job's delivery under way: which of its files have gone to which of its targets, and what is told of it.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Delivery } from '../../contract/products.ts';
import type { Log } from '../../log.ts';
import { type DeliveryNote, writeNote } from '../jobs/delivery-note.ts';
import { Patience } from './patience.ts';
import type { Outgoing, Target } from './target.ts';
import { Unreached } from './unreached.ts';

export interface DeliveryWork {
  /** Its plan says which targets get it. */
  readonly job: Job;
  readonly folder: string;
  readonly note: DeliveryNote;
  readonly signal: AbortSignal;
  /** Of all files to all targets. */
  readonly onBytes: (bytes: number, total: number) => void;
  /** Why it waits; null: it goes on. */
  readonly onHeld: (reason: string | null) => void;
}

export interface ErrandOptions {
  readonly work: DeliveryWork;
  readonly files: readonly Outgoing[];
  readonly stallMs: number;
  readonly log: Log;
}

export class Errand {
  readonly #options: ErrandOptions;
  /** Of all files. */
  readonly #bytes: number;
  /** Names of the files, by target. */
  readonly #sent: Map<string, string[]>;
  /** Bytes, by target. */
  readonly #moved = new Map<string, number>();
  readonly #done = new Map<string, Delivery>();

  constructor(options: ErrandOptions) {
    this.#options = options;
    this.#bytes = options.files.reduce((sum, file) => sum + file.bytes, 0);
    this.#sent = new Map(Object.entries(options.work.note.sent));
  }

  /** To the targets that have got everything. */
  get deliveries(): Delivery[] {
    return [...this.#done.values()];
  }

  /**
   * Brings this target what it has not got yet. `onSent`: a file is there. Throws Unreached where another call may go on,
   * and Fault 'delivery-failed', both with the target's name.
   */
  async serve(name: string, target: Target, onSent: () => void): Promise<void> {
    const { work, files } = this.#options;
    const { job } = work;
    let before = 0;
    for (const file of files) {
      if (!this.#has(name, file)) {
        const start = before;
        this.#tell(name, start);
        await this.#send(name, target, file, (bytes) => this.#tell(name, start + bytes));
        this.#sent.set(name, [...(this.#sent.get(name) ?? []), file.name]);
        await this.#note();
        onSent();
      }
      before += file.bytes;
      this.#tell(name, before);
    }
    const bytes = this.#bytes;
    this.#done.set(name, { target: name, files: files.length, bytes, place: target.place(job.id) });
    await this.#note();
  }

  #has(name: string, { name: file }: Outgoing): boolean {
    return this.#sent.get(name)?.includes(file) === true;
  }

  /** What is there by now is known, whatever becomes of the rest. */
  async #note(): Promise<void> {
    const { folder, note } = this.#options.work;
    const products = { ...note.products, deliveries: this.deliveries };
    await writeNote(folder, { ...note, products, sent: Object.fromEntries(this.#sent) });
  }

  #tell(name: string, bytes: number): void {
    const { job, onBytes } = this.#options.work;
    this.#moved.set(name, bytes);
    const moved = [...this.#moved.values()].reduce((sum, one) => sum + one, 0);
    onBytes(moved, this.#bytes * job.plan.deliver.length);
  }

  async #send(name: string, target: Target, file: Outgoing, onBytes: (bytes: number) => void): Promise<void> {
    const { work, stallMs, log } = this.#options;
    const { signal } = work;
    const jobId = work.job.id;
    const patience = new Patience(stallMs, signal);
    let sent = 0;
    const heard = (bytes: number) => {
      patience.moved(Math.max(bytes - sent, 0));
      sent = bytes;
      onBytes(bytes);
    };
    try {
      await target.send({ jobId, file, signal: patience.signal, onBytes: heard });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Unreached || error instanceof Fault)) throw error;
      const words = `The target "${name}" did not take ${file.name}: ${error.message}`;
      log.warn({ jobId, target: name, file: file.name, reason: error.message }, 'delivery was interrupted');
      if (error instanceof Fault) throw new Fault('delivery-failed', `${words}.`, { cause: error });
      throw new Unreached(words, { cause: error });
    } finally {
      patience.close();
    }
  }
}
