// Jobs that need the network and no worker: so many sources at once come down, and whatever was made goes out.
import { join } from 'node:path';
import { hasStage } from '../../contract/plan.ts';
import type { Delivery } from '../../contract/products.ts';
import type { Log } from '../../log.ts';
import { type DeliveryNote, readNote } from './delivery-note.ts';
import type { Job } from '../../contract/job.ts';
import { dropWorkFiles, hasPoster } from './job-folder.ts';
import type { Ledger } from './ledger.ts';
import type { Queue } from './queue.ts';
import { type OnBytes, type OnHeld, TransferLife, type TransferLifeOptions } from './transfer-life.ts';

/** Those who do it. */
export interface Carriers {
  /** Downloads at the same time. */
  readonly atOnce: number;
  /** The input lies in the folder when it resolves; called again, it goes on where it was. Throws as TransferLife wants it. */
  fetch(work: {
    readonly jobId: string;
    readonly folder: string;
    readonly url: string;
    readonly signal: AbortSignal;
    readonly onBytes: OnBytes;
    readonly onHeld: OnHeld;
  }): Promise<{ readonly bytes: number; readonly type: string }>;
  /** What came of an input goes. */
  drop(folder: string): Promise<void>;
  /** Every target of the job's plan has got everything when it resolves. */
  deliver(work: {
    readonly job: Job;
    readonly folder: string;
    readonly note: DeliveryNote;
    readonly signal: AbortSignal;
    readonly onBytes: OnBytes;
    readonly onHeld: OnHeld;
  }): Promise<readonly Delivery[]>;
}

export interface TransfersOptions {
  /** Left out: there is no network, and no job that asks for it. */
  readonly carriers?: Carriers | undefined;
  readonly ledger: Ledger;
  readonly queue: Queue;
  /** Holds a folder for each job. */
  readonly folder: string;
  /** Called when one has ended, or waits for a worker now. */
  readonly onOver: (id: string, outcome: 'ended' | 'waits') => void;
  /** Called when one waits for the other side, or goes on: others may have its place meanwhile. */
  readonly onWaits: () => void;
  readonly log: Log;
}

/** A job whose source is still to come. */
export function awaitsSource({ sourceUrl, sourceType }: Pick<Job, 'sourceUrl' | 'sourceType'>): boolean {
  return sourceUrl !== null && sourceType === '';
}

/** What an earlier life of the job left for its targets, whole; null: it has to be made. */
export async function leftToDeliver(
  { id, plan }: Job,
  { folder, log }: Pick<TransfersOptions, 'folder' | 'log'>,
): Promise<DeliveryNote | null> {
  return hasStage(plan, 'delivering') ? readNote(join(folder, id), log) : null;
}

/** Under way at the same time, and with those that wait for the other side. */
const mostDeliveries = { moving: 16, all: 256 };
/** Beside those that download, so many may wait for their server, or for room. */
const mostWaiting = 16;

export class Transfers {
  readonly #options: TransfersOptions;
  readonly #lives = new Map<string, TransferLife>();
  #held: string | null = null;
  #begun = false;

  constructor(options: TransfersOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#lives.size;
  }

  /** What cannot be delivered is not to pile up: nothing else is to be made for now. */
  get full(): boolean {
    const { all, moving } = this.#counts('delivering');
    return moving >= mostDeliveries.moving || all >= mostDeliveries.all;
  }

  #counts(stage: TransferLife['stage']): { readonly all: number; readonly moving: number } {
    const lives = [...this.#lives.values()].filter((life) => life.stage === stage);
    return { all: lives.length, moving: lives.filter(({ waits }) => !waits).length };
  }

  #mayFetch(atOnce: number): boolean {
    const { all, moving } = this.#counts('downloading');
    return moving < atOnce && all < atOnce + mostWaiting;
  }

  get(id: string): TransferLife | undefined {
    return this.#lives.get(id);
  }

  begin(): void {
    this.#begun = true;
    this.fill();
  }

  /** Begins as many downloads as may be, in the order of the queue. */
  fill(): void {
    const { carriers, queue, ledger } = this.#options;
    while (carriers && this.#begun && this.#held === null && this.#mayFetch(carriers.atOnce)) {
      const id = queue.take((one) => isWaiting(ledger.get(one)));
      if (id === undefined) return;
      this.#fetch(id, carriers);
    }
  }

  /** A job whose artifact is whole, by its note. */
  deliver(id: string, note: DeliveryNote): void {
    const { carriers, ledger, log } = this.#options;
    if (!carriers) throw new Error('nobody delivers');
    const folder = this.#path(id);
    this.#open(
      id,
      new TransferLife(id, {
        ledger,
        stage: 'delivering',
        work: async (signal, onBytes, onHeld) => {
          const job = ledger.get(id);
          if (!job) throw new Error(`there is no job ${id}`);
          // What they got before it was interrupted stands there.
          const newest = (await readNote(folder, log)) ?? note;
          const deliveries = await carriers.deliver({ job, folder, note: newest, signal, onBytes, onHeld });
          const found = await foundBy(note, job, folder);
          return { ...found, products: { ...note.products, deliveries: [...deliveries] } };
        },
        then: 'completed',
        takesRoom: false,
        held: null,
        ...this.#shared,
        onEnd: async (status) => {
          if (status === 'completed') return dropWorkFiles(folder);
          // What was made stays as it is, whatever becomes of its delivery, and so does what some targets have got.
          const job = ledger.get(id);
          const found = job && (await foundBy((await readNote(folder, log)) ?? note, job, folder));
          if (found) ledger.advance(id, () => found);
        },
      }),
    );
  }

  /** Null: they go on. */
  hold(reason: string | null): void {
    this.#held = reason;
    for (const life of this.#lives.values()) life.hold(reason);
    this.fill();
  }

  /** Those under way wait for the next daemon. */
  async close(): Promise<void> {
    this.#begun = false;
    for (const life of this.#lives.values()) life.suspend();
    await Promise.all([...this.#lives.values()].map(({ outcome }) => outcome));
  }

  #fetch(id: string, carriers: Carriers): void {
    const { ledger } = this.#options;
    const folder = this.#path(id);
    this.#open(
      id,
      new TransferLife(id, {
        ledger,
        stage: 'downloading',
        work: async (signal, onBytes, onHeld) => {
          const url = ledger.get(id)?.sourceUrl ?? '';
          const { bytes, type } = await carriers.fetch({ jobId: id, folder, url, signal, onBytes, onHeld });
          return { sourceBytes: bytes, sourceType: type };
        },
        then: 'pending',
        takesRoom: true,
        held: this.#held,
        ...this.#shared,
        onEnd: async (status) => {
          if (status === 'cancelled') await carriers.drop(folder);
        },
      }),
    );
  }

  get #shared(): Pick<TransferLifeOptions, 'onWaits' | 'log'> {
    return { onWaits: this.#options.onWaits, log: this.#options.log };
  }

  #open(id: string, life: TransferLife): void {
    this.#lives.set(id, life);
    void life.outcome.then((outcome) => {
      this.#lives.delete(id);
      this.#options.onOver(id, outcome);
      this.fill();
    });
  }

  #path(id: string): string {
    return join(this.#options.folder, id);
  }
}

function isWaiting(job: Job | undefined): boolean {
  return job !== undefined && awaitsSource(job);
}

/** What of the job its worker would have told at the end. */
async function foundBy({ summary, warnings, products }: DeliveryNote, { tools }: Job, folder: string) {
  const frames = { currentFrame: summary.total_frames, totalFrames: summary.total_frames };
  return { summary, warnings, products, ...frames, toolsCompleted: tools.length, hasPoster: await hasPoster(folder) };
}
