// Files that were chosen or dropped and not sent yet, what was turned away of them, and what is wanted of the rest.
import type { JobOptions } from '../../../appliance/contract/job-options.ts';
import type { ToolId } from '../../../appliance/contract/plugins.ts';
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

/** Of the next jobs. Pictures are never tracked. */
export interface Choice extends JobOptions {
  readonly track: boolean;
}

const modelsOwn: Choice = { track: false, model: null, confidence: null, classes: null };
const mostTurnedAway = 20;

export class Intake {
  chosen: readonly Chosen[] = $state.raw([]);
  /** The newest, newest last. */
  turnedAway: readonly TurnedAway[] = $state.raw([]);
  choice: Choice = $state.raw(modelsOwn);

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
    const { track, ...options } = this.choice;
    for (const { file, kind } of this.chosen) uploads.add([file], { kind, tool: toolFor(kind, track), options });
    this.chosen = [];
    this.turnedAway = [];
  }
}

export function toolFor(kind: MediaKind, track: boolean): ToolId {
  if (kind === 'picture') return 'player_detection';
  return track ? 'video_player_tracking' : 'video_player_detection';
}
