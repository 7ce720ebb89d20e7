// Those who load models: in processes of their own, never in the daemon.
import type { ModelCard } from '../../contract/frame.ts';

/** A model's name and its file. */
export interface ModelPlace {
  readonly name: string;
  readonly path: string;
}

export interface Loaders {
  /** What new jobs run on; its card is null until a worker has loaded it. */
  readonly inUse: { readonly place: ModelPlace; readonly card: ModelCard | null };
  /** Throws the Fault that says why it cannot be loaded. */
  probe(place: ModelPlace): Promise<ModelCard>;
  /** New jobs run on it from when this returns. `accept` comes before that; where it throws, nothing has changed. */
  change(place: ModelPlace, accept: (card: ModelCard) => Promise<void>): Promise<void>;
}
