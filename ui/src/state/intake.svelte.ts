// Files that were chosen or dropped and not sent yet, what was turned away of them, and what is wanted of the rest.
import { type Choice, orderFor, usualChoice } from './choice.ts';
import { type MediaKind, mediaKindOf } from './media-kind.ts';
import type { Uploads } from './uploads.svelte.ts';

export interface Chosen {
  readonly id: number;
  readonly file: File;
  readonly kind: MediaKind;
}

export interface TurnedAway {
  readonly id: number;
  readonly name: string;
  readonly reason: 'kind' | 'empty' | 'model';
}

/** A video that the appliance was told to download. */
export interface Fetched {
  readonly jobId: string;
  readonly name: string;
}

const mostTurnedAway = 20;
const mostFetched = 20;

export class Intake {
  chosen: readonly Chosen[] = $state.raw([]);
  /** The newest, newest last. */
  turnedAway: readonly TurnedAway[] = $state.raw([]);
  choice: Choice = $state.raw(usualChoice);
  /** The newest, newest last. */
  fetched: readonly Fetched[] = $state.raw([]);

  #lastId = 0;

  /** Chosen or dropped: looked at by their names, so that a wrong one is told before any byte of it goes out. */
  offer(files: Iterable<File>): void {
    for (const file of files) {
      const id = ++this.#lastId;
      const kind = mediaKindOf(file);
      if (kind !== null && file.size > 0) this.chosen = [...this.chosen, { id, file, kind }];
      else {
        const reason = kind !== null ? 'empty' : /\.onnx$/i.test(file.name) ? 'model' : 'kind';
        this.turnedAway = [...this.turnedAway, { id, name: file.name, reason } as const].slice(-mostTurnedAway);
      }
    }
  }

  remove(id: number): void {
    this.chosen = this.chosen.filter((one) => one.id !== id);
  }

  clear(): void {
    this.chosen = [];
  }

  dismiss(): void {
    this.turnedAway = [];
  }

  choose(change: Partial<Choice>): void {
    // What was chosen of one model's classes and confidences says nothing of another's.
    const anew = 'model' in change && change.model !== this.choice.model ? { confidence: null, classes: null } : {};
    this.choice = { ...this.choice, ...anew, ...change };
  }

  /** Sends all that were chosen. */
  begin(uploads: Pick<Uploads, 'add'>): void {
    for (const { file, kind } of this.chosen) uploads.add([file], { kind, ...orderFor(kind, this.choice) });
    this.chosen = [];
    this.turnedAway = [];
  }

  noteFetched(jobId: string, name: string): void {
    this.fetched = [...this.fetched.filter((one) => one.jobId !== jobId), { jobId, name }].slice(-mostFetched);
  }

  forgetFetched(jobId: string): void {
    this.fetched = this.fetched.filter((one) => one.jobId !== jobId);
  }
}
