// Which frame is shown: it follows the pictures that the browser presents, and leads the browser to exact frames.
import type { Found, FrameStore } from './frame-store.svelte.ts';
import type { Media } from './media.ts';
import type { SeenFrame } from './seen.ts';

export const speeds = [0.25, 0.5, 1, 1.5, 2] as const;

export interface PlayheadOptions {
  readonly store: FrameStore;
  /** Of the source, in seconds; 0 where it is not known. */
  readonly duration: number;
  /** `requestAnimationFrame` and its end; another clock in tests. */
  readonly frames: {
    readonly next: (tell: (now: number) => void) => number;
    readonly cancel: (handle: number) => void;
  };
}

/** A moment of this video, in seconds as the result counts them. */
export class Playhead {
  /** As the browser counts, or as the result does where there is no picture. */
  #moment = $state(0);
  /** The browser's time of the first picture, which belongs to the result's first frame; null without a picture. */
  #firstPicture: number | null = $state(null);
  /** Of what is shown; between two frames of the result where the browser does not tell which one it shows. */
  readonly time: number = $derived(this.#moment - this.#offset());
  playing = $state(false);
  rate = $state(1);
  muted = $state(true);
  /** False until the first picture is there; without a picture, true at once. */
  ready = $state(false);
  /** True once somebody has moved it. */
  touched = $state(false);
  duration = $state(0);
  readonly shown: Found = $derived.by(() => this.#find());
  #exact = $state(false);

  readonly #store: FrameStore;
  readonly #frames: PlayheadOptions['frames'];
  #media: Media | null = null;
  /** What is to be shown as soon as the seek that is under way has ended. */
  #next: { readonly pts: number; readonly frame: SeenFrame | null } | null = null;
  /** Where a person has led it last: what steps count from while the picture is on its way. Null once it plays. */
  #led: { readonly pts: number; readonly frame: SeenFrame | null } | null = null;
  #handle = 0;
  #lastTick: number | null = null;

  constructor({ store, duration, frames }: PlayheadOptions) {
    this.#store = store;
    this.#frames = frames;
    this.duration = duration;
  }

  /** The middle of what is shown: a moment that no rounding takes to another frame. */
  get middle(): number {
    const { frame } = this;
    return frame === null ? this.time : frame.pts + this.#store.gap(frame) / 2;
  }

  /** The frame that is shown; null while it is not known, or there is none. */
  get frame(): SeenFrame | null {
    return this.shown.state === 'found' ? this.shown.frame : null;
  }

  /** False while it is led to a place that is not shown yet. */
  get settled(): boolean {
    return this.ready && this.#next === null && this.#media?.seeking !== true;
  }

  /** Follows this element until the function that it returns is called. */
  attach(media: Media): () => void {
    this.#media = media;
    this.ready = false;
    const ended = new AbortController();
    const hear = (name: string, tell: () => void): void => media.addEventListener(name, tell, { signal: ended.signal });
    hear('play', () => (this.playing = true));
    for (const name of ['pause', 'ended']) hear(name, () => (this.playing = false));
    hear('seeked', () => this.#settle());
    hear('durationchange', () => {
      if (this.duration === 0 && Number.isFinite(media.duration)) this.duration = media.duration;
    });
    const stop = media.requestVideoFrameCallback ? this.#followPictures(media) : this.#followTime(media, hear);
    return () => {
      ended.abort();
      stop();
      this.#media = null;
      this.playing = false;
    };
  }

  /** There is no picture that moves: the frames of the result are gone through by themselves. */
  goWithout(): void {
    this.#media = null;
    this.#firstPicture = null;
    this.#exact = false;
    this.ready = true;
    this.#present(this.#next?.pts ?? 0);
    this.#next = null;
  }

  play(): void {
    // Some browsers bring the first picture only now.
    if (!this.ready && !this.#media) return;
    this.touched = true;
    if (this.duration > 0 && this.time >= this.duration - 1 / this.#store.fps) this.seek(0);
    this.#led = null;
    if (this.#media) {
      // Refused where the browser wants a touch first; then it stays paused, and shows that.
      this.#media.play().catch(() => undefined);
      return;
    }
    this.playing = true;
    this.#lastTick = null;
    this.#handle = this.#frames.next((now) => this.#tick(now));
  }

  pause(): void {
    if (this.#media) this.#media.pause();
    else this.#frames.cancel(this.#handle);
    this.playing = false;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.#media) this.#media.playbackRate = rate;
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (this.#media) this.#media.muted = muted;
  }

  /** By seconds, from where it is or is on its way to. */
  move(seconds: number): void {
    this.seek((this.#led?.pts ?? this.time) + seconds);
  }

  /** To the picture of that moment. */
  seek(pts: number): void {
    const found = this.#store.find(pts, 'under');
    this.#go(Math.min(Math.max(pts, 0), Math.max(this.duration, 0)), found.state === 'found' ? found.frame : null);
  }

  /** To exactly this frame. */
  show(frame: SeenFrame): void {
    this.pause();
    this.#go(frame.pts, frame);
  }

  /** By frames, from the one that is shown or on its way; waits where it must be fetched. */
  async step(frames: number): Promise<void> {
    this.pause();
    const from = this.#led?.frame ?? this.frame;
    if (from === null) return;
    const frame = await this.#store.get(Math.max(from.at + frames, 0));
    if (frame) this.show(frame);
  }

  close(): void {
    this.#frames.cancel(this.#handle);
  }

  #find(): Found {
    // Without the first frame nobody knows how the two clocks stand to each other.
    const { firstPts, total, problem } = this.#store;
    if (firstPts === undefined) return { state: total !== 0 && problem === null ? 'loading' : 'none' };
    if (!this.ready) return { state: 'loading' };
    return this.#store.find(this.time, this.#exact ? 'nearest' : 'under');
  }

  #go(pts: number, frame: SeenFrame | null): void {
    this.touched = true;
    this.#led = { pts, frame };
    this.#store.aim(pts);
    if (!this.#media && this.ready) return this.#present(pts);
    this.#next = this.#led;
    if (this.ready && this.#media?.seeking === false) this.#settle();
  }

  /** The newest wish counts: those before it were never carried out. */
  #settle(): void {
    const next = this.#next;
    if (next === null || !this.#media || !this.ready) return;
    this.#next = null;
    const { pts, frame } = next;
    // The middle of a frame is no other frame's, however the browser rounds.
    const middle = frame === null ? pts : frame.pts + this.#store.gap(frame) / 2;
    this.#media.currentTime = Math.max(middle + this.#offset(), 0);
  }

  /** The browser's time may begin elsewhere than the result's, as with a file that was cut out of another one. */
  #offset(): number {
    return this.#firstPicture === null ? 0 : this.#firstPicture - (this.#store.firstPts ?? 0);
  }

  /** `moment`: as the browser counts where it presents pictures. */
  #present(moment: number): void {
    this.#moment = moment;
    this.#store.aim(this.time);
  }

  #followPictures(media: Media): () => void {
    this.#exact = true;
    let handle = 0;
    const ask = (): void => {
      handle =
        media.requestVideoFrameCallback?.((_now, { mediaTime }) => {
          if (!this.ready) this.#begin(mediaTime);
          this.#present(mediaTime);
          ask();
        }) ?? 0;
    };
    ask();
    return () => media.cancelVideoFrameCallback?.(handle);
  }

  /** For browsers that do not tell which picture they present. */
  #followTime(media: Media, hear: (name: string, tell: () => void) => void): () => void {
    this.#exact = false;
    const look = (): void => {
      if (!this.ready) this.#begin(media.currentTime);
      this.#present(media.currentTime);
    };
    const watch = (): void => {
      look();
      if (!media.paused) this.#handle = this.#frames.next(watch);
    };
    for (const name of ['loadeddata', 'seeked', 'timeupdate', 'pause']) hear(name, look);
    hear('play', watch);
    return () => this.#frames.cancel(this.#handle);
  }

  #begin(mediaTime: number): void {
    this.#firstPicture = mediaTime;
    this.ready = true;
    if (this.#media) {
      this.#media.playbackRate = this.rate;
      this.#media.muted = this.muted;
    }
    this.#settle();
  }

  #tick(now: number): void {
    if (!this.playing) return;
    const seconds = this.#lastTick === null ? 0 : (now - this.#lastTick) / 1000;
    this.#lastTick = now;
    this.#present(Math.min(this.time + seconds * this.rate, this.duration));
    if (this.time >= this.duration) this.playing = false;
    else this.#handle = this.#frames.next((next) => this.#tick(next));
  }
}
