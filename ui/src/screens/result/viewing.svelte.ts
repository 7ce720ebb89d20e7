// Everything that a person looks at a job's result with: its frames, the playhead, the timeline, and what is shown.
import type { ClipView, JobItem } from '../../../../appliance/contract/api.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { FrameStore } from './frame-store.svelte.ts';
import { Playhead } from './playhead.svelte.ts';
import { ofTool, type SeenFrame } from './seen.ts';
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

/** What comes with the appliance and follows things: right before a frame is there that tells. */
const usualFollower = 'video_player_tracking';

export class Viewing {
  readonly store: FrameStore;
  readonly playhead: Playhead;
  readonly timeline: TimelineView;
  readonly selection: Selection;
  /** Of the job, in their order; those whose findings can be chosen among where they are several. */
  readonly tools: readonly string[];
  /** The clip that is played; null where none is. */
  clip: ClipView | null = $state.raw(null);
  #chosen: string | null = $state(null);
  /** Whose findings are shown; null for a job with one tool. What follows things says most. */
  readonly tool: string | null = $derived.by(() => {
    if (this.tools.length < 2) return null;
    const known = this.#chosen ?? this.store.following ?? usualFollower;
    return this.tools.find((tool) => tool === known) ?? this.tools[0] ?? null;
  });
  /** The one that the timeline is asked of. */
  #timed: string | null;
  #drawn: number;
  #status: JobItem['status'];

  constructor({ job, appliance, selection = new Selection() }: ViewingOptions) {
    const { job_id, source, summary, status, current_frame, tools } = job;
    this.tools = tools;
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
      load: (span, signal) => appliance.timeline(job_id, bins, span, signal, this.#timed),
      duration,
    });
    this.selection = selection;
    this.#drawn = current_frame;
    this.#status = status;
    this.#timed = this.tool;
  }

  /** One of the job's; others are not heard. */
  choose(tool: string): void {
    if (this.tools.includes(tool)) this.#chosen = tool;
  }

  /** After another tool was chosen, or turned out to be the one that follows things. */
  turn(): void {
    if (this.tool === this.#timed) return;
    this.#timed = this.tool;
    this.selection.forgetTracks();
    this.timeline.restart();
  }

  /** With what the tool found alone. */
  seen(frame: SeenFrame): SeenFrame {
    return ofTool(frame, this.tool);
  }

  /** A frame by its place, the same way; undefined while it is not there. */
  readonly at = (place: number): SeenFrame | undefined => {
    const frame = this.store.at(place);
    return frame && this.seen(frame);
  };

  playClip(clip: ClipView): void {
    this.clip = clip;
    this.playhead.seek(clip.from_s);
    this.playhead.play();
  }

  /** Stops where the clip that is played ends; forgets it once somebody is elsewhere. */
  followClip(): void {
    const { clip, playhead } = this;
    if (clip === null || !playhead.settled) return;
    if (playhead.time >= clip.to_s && playhead.time < clip.to_s + 1) playhead.pause();
    else if (playhead.time >= clip.from_s - 1 && playhead.time < clip.to_s) return;
    this.clip = null;
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
