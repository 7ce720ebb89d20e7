// What is shown of a running job's sight: the pushed picture with its boxes, or stills while push is down.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { SourceInfo } from '../../../../appliance/contract/frame.ts';
import type { PreviewView } from '../../../../appliance/contract/preview.ts';
import type { DrawnObject } from '../../picture/drawn.ts';
import type { ConnectionState } from '../../state/connection.svelte.ts';
import type { Appliance } from '../../wire/appliance.ts';
import type { MessageId } from '../../words/message-id.ts';
import { Stills } from './stills.svelte.ts';

export interface RunningSightOptions {
  readonly job: () => JobItem;
  readonly preview: () => PreviewView | undefined;
  readonly connection: () => ConnectionState;
  readonly appliance: Appliance;
}

export class RunningSight {
  readonly #options: RunningSightOptions;
  readonly #stills: Stills;

  readonly #pushed = $derived.by(() => {
    const preview = this.#options.preview();
    return preview && new Blob([new Uint8Array(preview.picture)], { type: 'image/jpeg' });
  });
  readonly #still = $derived.by(() => {
    const { newest } = this.#stills;
    const { connection, job } = this.#options;
    return connection() !== 'live' && newest?.jobId === job().job_id ? newest.picture : undefined;
  });
  /** Undefined while there is none to show. */
  readonly jpeg: Blob | undefined = $derived(this.#still ?? this.#pushed);
  readonly objects: readonly DrawnObject[] = $derived.by(() => {
    return this.#still ? [] : drawnOf(this.#options.preview());
  });
  /** Of the video; null: boxes cannot be placed. */
  readonly source: SourceInfo | null = $derived.by(() => this.#options.job().source);
  /** What to say of a picture that is not of now. */
  readonly note: MessageId | null = $derived.by(() => {
    const state = this.#options.connection();
    if (state === 'live') return null;
    return state === 'polling' && this.#still ? 'board.picture-stills' : 'board.picture-old';
  });

  readonly #wantsStills = $derived.by(() => {
    const { connection, job } = this.#options;
    const { appliance, outside, job_type: type } = job();
    // Pictures have no preview, nor has what is worked on elsewhere.
    return connection() === 'polling' && type.startsWith('video') && outside === null && appliance === null;
  });
  readonly #id: string = $derived.by(() => this.#options.job().job_id);

  constructor(options: RunningSightOptions) {
    this.#options = options;
    this.#stills = new Stills({ download: (path) => options.appliance.download(path) });
  }

  /** For an effect. */
  readonly followStills = (): (() => void) | undefined => {
    return this.#wantsStills ? this.#stills.watch(this.#id) : undefined;
  };
}

function drawnOf(preview: PreviewView | undefined): DrawnObject[] {
  return (preview?.objects ?? []).map(({ box, class: name, class_id: classId, track_id: track }) => {
    return { box, classId, label: track === null ? name : `${name} ${track}` };
  });
}
