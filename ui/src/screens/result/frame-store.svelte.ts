// The frames of a job in pages: asked for as they are wanted, kept within a bound, found by number or by time.
import type { ResultFrame } from '../../../../appliance/contract/frame.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';
import { Contents, frameAt, type Page, rounding, type Way } from './frame-pages.ts';
import { followerIn, type SeenFrame, seenFrame } from './seen.ts';

export interface FrameStoreOptions {
  /** Frames from the `offset`th on, at most `limit`. Throws Refusal. */
  readonly load: (offset: number, limit: number, signal: AbortSignal) => Promise<readonly ResultFrame[]>;
  /** Frames a second, a hint where to look; 0 where it is not known. */
  readonly fps: number;
  /** In all, where that is known: of a job that has ended. */
  readonly total?: number | null;
  /** Frames of a page, at most 1000. */
  readonly pageSize?: number;
  readonly mostPages?: number;
}

/** `none`: no frame of the result is of that time. */
export type Found =
  { readonly state: 'found'; readonly frame: SeenFrame } | { readonly state: 'loading' } | { readonly state: 'none' };

interface Held {
  readonly number: number;
  readonly frames: Page;
}

interface Asking {
  readonly page: number;
  readonly abort: AbortController;
}

interface Waiter {
  readonly at: number;
  readonly tell: (frame: SeenFrame | undefined) => void;
}

const atOnce = 2;
/** Frames that a result grows by before its last page is asked for again. */
const worthAsking = 25;

export class FrameStore {
  /** Why frames are missing; null while none are, or they are on their way. */
  problem: Refused | null = $state.raw(null);
  /** Time of the first frame; undefined until it is known. */
  firstPts: number | undefined = $state();
  /** Of several tools the first that follows things; null where none does, or it is not known yet. */
  following: string | null = $state(null);
  #pages: readonly Held[] = $state.raw([]);
  /** There are no more frames than this; null where that is not known. */
  #total: number | null = $state.raw(null);

  readonly #load: FrameStoreOptions['load'];
  readonly #fps: number;
  readonly #size: number;
  readonly #most: number;
  readonly #contents: Contents;
  #asking: readonly Asking[] = [];
  /** Pages that are there, the one used last stands last. */
  #used: readonly number[] = [];
  #waiters: readonly Waiter[] = [];
  #goal = 0;
  #told = 0;
  #closed = false;

  constructor({ load, fps, total = null, pageSize = 300, mostPages = 12 }: FrameStoreOptions) {
    this.#load = load;
    this.#total = total;
    this.#fps = fps > 0 ? fps : 25;
    this.#size = pageSize;
    this.#most = mostPages;
    this.#contents = new Contents(pageSize, this.#fps);
  }

  /** Frames a second, guessed where the source does not say. */
  get fps(): number {
    return this.#fps;
  }

  get total(): number | null {
    return this.#total;
  }

  /** Has the frames around this moment fetched, and those that follow. */
  aim(pts: number): void {
    this.#goal = pts;
    this.#touch(this.#pageOf(pts));
    this.#pump();
  }

  /** Undefined while it is not there. Asks for nothing. */
  at(at: number): SeenFrame | undefined {
    return this.#held(Math.floor(at / this.#size))?.[at % this.#size];
  }

  /** Waits for the frame; undefined where there is none, or it cannot be had. */
  get(at: number): Promise<SeenFrame | undefined> {
    const known = this.at(at);
    this.#touch(Math.floor(at / this.#size));
    if (known !== undefined || at < 0 || this.#closed) return Promise.resolve(known);
    if (this.#total !== null && at >= this.#total) return Promise.resolve(undefined);
    return new Promise((tell) => {
      this.#waiters = [...this.#waiters, { at, tell }];
      this.#pump();
    });
  }

  /** Waits for the first frame that is not before the moment; undefined where there is none, or it cannot be had. */
  async from(pts: number): Promise<SeenFrame | undefined> {
    for (;;) {
      const page = this.#pageOf(pts);
      const frames = this.#held(page);
      if (frames !== undefined) {
        return frames.find((frame) => frame.pts >= pts - rounding) ?? this.get((page + 1) * this.#size);
      }
      const frame = await this.get(page * this.#size);
      if (frame === undefined && this.#pageOf(pts) === page) return undefined;
    }
  }

  /** Among the frames that are there. Asks for nothing. */
  find(pts: number, way: Way): Found {
    const frame = this.#find(pts, way);
    if (frame !== undefined) return { state: 'found', frame };
    const page = this.#pageOf(pts);
    const missing = this.problem === null && (this.#misses(page) || (way === 'nearest' && this.#misses(page + 1)));
    return { state: missing ? 'loading' : 'none' };
  }

  /** Seconds that a frame is shown for. */
  gap({ at, pts }: SeenFrame): number {
    const next = this.at(at + 1);
    return next === undefined || next.pts <= pts ? 1 / this.#fps : next.pts - pts;
  }

  /** A job that runs has found so many frames by now. */
  grow(frames: number, ended: boolean): void {
    if (this.#total === null || frames <= this.#total) return;
    if (!ended && frames - this.#told < worthAsking) return;
    this.#told = frames;
    this.#total = null;
    this.#pump();
  }

  retry(): void {
    this.problem = null;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    for (const { abort } of this.#asking) abort.abort();
    this.#settle(() => true);
  }

  #find(pts: number, way: Way): SeenFrame | undefined {
    for (const { number, frames: page } of this.#pages) {
      const [first, last] = [page[0], page.at(-1)];
      if (first === undefined || last === undefined || pts < first.pts - rounding) continue;
      if (pts <= last.pts + (way === 'nearest' ? rounding : 0)) return frameAt(page, pts, way);
      const next = this.#held(number + 1)?.[0];
      if (next !== undefined && pts < next.pts - rounding) {
        // Between two pages. Their frames count on, as `frameAt` has it.
        return frameAt([last, next], pts, way);
      }
      const isLast = this.#total !== null && last.at === this.#total - 1;
      if (isLast && way === 'under' && pts <= last.pts + 1.5 / this.#fps) return last;
    }
    const start = this.#held(0)?.[0];
    return way === 'under' && start !== undefined && pts < start.pts ? start : undefined;
  }

  #held(number: number): Page | undefined {
    return this.#pages.find((held) => held.number === number)?.frames;
  }

  #pageOf(pts: number): number {
    return this.#contents.pageOf(pts, this.#total);
  }

  /** Pages that are missing, the most urgent first. The first page says when the video begins. */
  #wanted(): number[] {
    const goal = this.#pageOf(this.#goal);
    const start = this.#contents.has(0) ? [] : [0];
    const wanted = [...this.#waiters.map(({ at }) => Math.floor(at / this.#size)), goal, ...start, goal + 1];
    return wanted.filter((page, n) => wanted.indexOf(page) === n && this.#misses(page));
  }

  /** A page that came while the job ran may have less than it is due by now. */
  #misses(page: number): boolean {
    const due = this.#total === null ? this.#size : Math.min(this.#total - page * this.#size, this.#size);
    return (this.#held(page)?.length ?? 0) < due;
  }

  #touch(page: number): void {
    if (this.#held(page) !== undefined) this.#used = [...this.#used.filter((one) => one !== page), page];
  }

  #pump(): void {
    if (this.#closed || this.problem !== null) return;
    const wanted = this.#wanted();
    for (const { page, abort } of this.#asking) if (!wanted.includes(page)) abort.abort();
    for (const page of wanted) {
      if (this.#asking.length >= atOnce) return;
      if (!this.#asking.some((asking) => asking.page === page)) void this.#fetch(page);
    }
  }

  async #fetch(page: number): Promise<void> {
    const asking: Asking = { page, abort: new AbortController() };
    const { signal } = asking.abort;
    this.#asking = [...this.#asking, asking];
    const offset = page * this.#size;
    try {
      const frames = await this.#load(offset, this.#size, signal);
      if (!signal.aborted) {
        const [first] = frames;
        if (first !== undefined) this.following ??= followerIn(first);
        const seen = frames.map((frame, n) => seenFrame(frame, offset + n));
        this.#keep(page, seen);
      }
    } catch (error) {
      if (!signal.aborted) {
        if (!(error instanceof Refusal)) throw error;
        this.problem = error.refused;
        this.#settle(() => true);
      }
    } finally {
      this.#asking = this.#asking.filter((one) => one !== asking);
    }
    this.#pump();
  }

  #keep(page: number, frames: Page): void {
    const [first, last] = [frames[0], frames.at(-1)];
    const end = page * this.#size + frames.length;
    if (frames.length < this.#size) this.#total = Math.min(this.#total ?? end, end);
    if (first !== undefined && last !== undefined) {
      this.#contents.note(page, [first.pts, last.pts]);
      if (page === 0) this.firstPts = first.pts;
      this.#used = [...this.#used.filter((one) => one !== page), page].slice(-this.#most);
      const pages = [...this.#pages.filter(({ number }) => number !== page), { number: page, frames }];
      this.#pages = pages.filter(({ number }) => this.#used.includes(number));
    }
    this.#settle(({ at }) => this.at(at) !== undefined || (this.#total !== null && at >= this.#total));
  }

  #settle(done: (waiter: Waiter) => boolean): void {
    const settled = this.#waiters.filter(done);
    this.#waiters = this.#waiters.filter((waiter) => !settled.includes(waiter));
    for (const { at, tell } of settled) tell(this.at(at));
  }
}
