// What every case is given: the server, what can be sent to it, and jobs that are done already.
import type { Api } from './api.ts';
import type { Media } from './media.ts';

export interface Bench {
  readonly api: Api;
  readonly media: Media;
  /** Completed, each of its own kind, before the first case. */
  readonly done: Readonly<Record<'video' | 'tracked' | 'several' | 'image', string>>;
  /** What was told of the progress of `video`, in its order. */
  readonly told: readonly (number | null)[];
}
