// Brings what a job has made to its targets: file by file, for as long as it takes, and never twice what is there already.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Delivery } from '../../contract/products.ts';
import type { Log } from '../../log.ts';
import { storageFault } from '../serve/storage-fault.ts';
import { type DeliveryWork, Errand } from './errand.ts';
import { outgoingFiles, type ResultPieces } from './outgoing.ts';
import { Attempts, backOff } from './patience.ts';
import { Slots } from './slots.ts';
import type { Target } from './target.ts';
import { Unreached } from './unreached.ts';

export interface DeliveriesOptions {
  readonly targets: ReadonlyMap<string, Target>;
  /** Of the job as `GET /v1/jobs/{id}/result` answers it. */
  readonly result: (job: Job, signal: AbortSignal) => ReturnType<ResultPieces>;
  /** Jobs that are delivered at the same time; the others wait. One that waits for its target is none of them. */
  readonly atOnce?: number;
  /** A target, after so long in which it took none of a job's files. */
  readonly giveUpMs?: number;
  /** Behind the first of the tries. */
  readonly backOffMs?: number;
  /** A part of a few megabytes may go out before it is told. */
  readonly stallMs?: number;
  readonly log: Log;
}

const usual = { atOnce: 2, giveUpMs: 3_600_000, backOffMs: 1000, stallMs: 180_000 };

export class Deliveries {
  readonly #options: Required<DeliveriesOptions>;
  readonly #slots: Slots;

  constructor(options: DeliveriesOptions) {
    this.#options = { ...usual, ...options };
    this.#slots = new Slots(this.#options.atOnce);
  }

  /**
   * Every target has got everything when it resolves. Waits for one that is away. Throws the signal's reason; Fault 'delivery-failed', when the others
   * have got theirs, with the first target that did not and its reason; 'artifact-failed'; and 'disk-full' or
   * 'data-not-writable', after which another call goes on.
   */
  async deliver(work: DeliveryWork): Promise<readonly Delivery[]> {
    try {
      return await this.#deliver(work);
    } catch (error) {
      work.signal.throwIfAborted();
      throw storageFault(error) ?? error;
    }
  }

  close(): void {
    for (const target of this.#options.targets.values()) target.close();
  }

  async #deliver(work: DeliveryWork): Promise<readonly Delivery[]> {
    const { stallMs, backOffMs, giveUpMs, log } = this.#options;
    const { job, folder, note, signal, onHeld } = work;
    const result: ResultPieces = (stop) => this.#options.result({ ...job, summary: note.summary }, stop);
    const files = await outgoingFiles(folder, note.products, result, signal);
    const errand = new Errand({ work, files, stallMs, log });
    const faults: Fault[] = [];
    let left = job.plan.deliver.map((name) => ({ name, attempts: new Attempts(giveUpMs) }));
    for (;;) {
      const release = await this.#slots.take(signal);
      const away: { one: (typeof left)[number]; reason: string }[] = [];
      try {
        onHeld(null);
        for (const one of left) {
          const { name, attempts } = one;
          const objection = await this.#serve(errand, name, () => attempts.forget());
          if (objection instanceof Fault) faults.push(objection);
          else if (objection && attempts.failed()) away.push({ one, reason: objection.message });
          else if (objection) faults.push(givenUp(objection, attempts));
        }
      } finally {
        release();
      }
      const [first] = away;
      if (!first) break;
      onHeld(`It waits. ${first.reason}.`);
      left = away.map(({ one }) => one);
      const tries = Math.min(...left.map(({ attempts }) => attempts.count));
      await backOff(tries, backOffMs, null, signal);
    }
    if (faults[0]) throw faults[0];
    return errand.deliveries;
  }

  /** What keeps the target from it; null: it has got everything. */
  async #serve(errand: Errand, name: string, onSent: () => void): Promise<Fault | Unreached | null> {
    try {
      await errand.serve(name, this.#target(name), onSent);
      return null;
    } catch (error) {
      if (error instanceof Unreached) return error;
      if (error instanceof Fault && error.code === 'delivery-failed') return error;
      throw error;
    }
  }

  #target(name: string): Target {
    const target = this.#options.targets.get(name);
    if (target) return target;
    throw new Fault('delivery-failed', `There is no target "${name}" in pipelines.yaml any more.`);
  }
}

function givenUp({ message }: Unreached, { count }: Attempts): Fault {
  return new Fault('delivery-failed', `${message}, after ${count} tries.`);
}
