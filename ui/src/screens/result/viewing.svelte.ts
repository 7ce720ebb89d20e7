// Everything that a person looks at a job's result with: its frames, the playhead, the timeline, and what is shown.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { FrameStore } from './frame-store.svelte.ts';
import { Playhead } from './playhead.svelte.ts';
import { Selection } from './selection.svelte.ts';
import { TimelineView } from './timeline-view.svelte.ts';

export interface ViewingOptions {
  readonly job: JobItem;
  readonly appliance: Pick<Appliance, 'frames' | 'timeline'>;
  /** Of another job of the same video, where two are looked at in step. */
  readonly selection?: Selection;
}

/** Bins of a timeline, whatever its span. */
const bins = 300;
/** Frames that a running job has found before its timeline is asked for again. */
const worthAsking = 250;

export class Viewing {
  readonly store: FrameStore;
  readonly playhead: Playhead;
  readonly timeline: TimelineView;
  readonly selection: Selection;
  #drawn: number;
  #status: JobItem['status'];

  constructor({ job, appliance, selection = new Selection() }: ViewingOptions) {
    const { job_id, source, summary, status, current_frame } = job;
    const duration = source?.duration_s ?? 0;
    this.store = new FrameStore({
      load: (offset, limit, signal) => appliance.frames(job_id, offset, limit, signal),
      fps: source?.fps ?? 0,
      total: status === 'completed' ? (summary?.frame_count ?? null) : null,
    });
    this.playhead = new Playhead({
      store: this.store,
      duration,
      frames: { next: (tell) => requestAnimationFrame(tell), cancel: (handle) => cancelAnimationFrame(handle) },
    });
    this.timeline = new TimelineView({
      load: (span, signal) => appliance.timeline(job_id, bins, span, signal),
      duration,
    });
    this.selection = selection;
    this.#drawn = current_frame;
    this.#status = status;
  }

  open(): void {
    this.store.aim(0);
    void this.timeline.refresh();
  }

  /** The job has come further. */
  follow({ status, current_frame }: Pick<JobItem, 'status' | 'current_frame'>): void {
    const ended = status !== 'running' && status !== 'pending';
    const turned = status !== this.#status;
    this.#status = status;
    this.store.grow(current_frame, ended);
    if (!turned && current_frame - this.#drawn < worthAsking) return;
    this.#drawn = current_frame;
    void this.timeline.refresh();
  }

  retry(): void {
    this.store.retry();
    void this.timeline.refresh();
  }

  close(): void {
    this.store.close();
    this.playhead.close();
    this.timeline.close();
  }
}
