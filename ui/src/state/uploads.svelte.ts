// Files on their way to the appliance: one after another; they can be paused, and go on by themselves where they can.
import { noAnswer, type Refused, understand } from '../wire/answers.ts';
import { speedometer } from './speedometer.ts';
import { type Carrier, type Delivery, type Errand, fileGone, type Upload } from './upload.ts';

export interface UploadsOptions {
  readonly send: Carrier;
  /** ms, for the speed. */
  readonly now: () => number;
  /** The appliance took the file. */
  readonly onAccepted?: (file: File, jobId: string | null) => void;
  readonly onRefused?: (file: File, refused: Refused) => void;
}

/** Pauses before the next try, in seconds. */
const waitsS = [1, 2, 5, 10] as const;
/** How often in a row the appliance may have lost count of an upload. */
const mostConflicts = 5;
/** Where nothing has gone out for so long, the connection is dead. */
const stalledMs = 30_000;
/** After a sleep it is so sooner. */
const asleepMs = 5_000;
const shownDoneMs = 60_000;

const conflicts: ReadonlySet<number> = new Set([404, 409, 410, 412, 423]);
const absences: ReadonlySet<number> = new Set([0, 408, 502, 503, 504]);
const unfinished: ReadonlySet<Upload['state']['kind']> = new Set(['waiting', 'sending', 'paused', 'held']);

export class Uploads {
  list = $state.raw<readonly Upload[]>([]);
  /** Something would be lost with the page. */
  readonly busy: boolean = $derived(this.list.some(({ state }) => unfinished.has(state.kind)));

  readonly #options: UploadsOptions;
  /** They take out of the list what has arrived. */
  #timers: readonly ReturnType<typeof setTimeout>[] = [];
  #lastId = 0;
  #current: { readonly id: number; readonly abort: AbortController; movedAt: number } | null = null;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  add(files: Iterable<File>, errand: Errand): void {
    const added = [...files].map((file): Upload => {
      const transfer = this.#options.send(file, errand);
      return { id: ++this.#lastId, file, errand, sent: 0, state: { kind: 'waiting' }, transfer, tries: 0 };
    });
    this.list = [...this.list, ...added];
    this.#next();
  }

  /** What has come over stays. */
  pause(id: number): void {
    const upload = this.#find(id);
    if (!upload || upload.state.kind === 'done' || upload.state.kind === 'refused') return;
    this.#set(id, { state: { kind: 'paused' } });
    this.#stop(id);
    this.#next();
  }

  /** Of one that is paused, held or refused. */
  retry(id: number): void {
    const kind = this.#find(id)?.state.kind;
    if (kind !== 'paused' && kind !== 'held' && kind !== 'refused') return;
    this.#set(id, { state: { kind: 'waiting' }, tries: 0 });
    this.#next();
  }

  /** Takes a file out, whatever it was doing. */
  cancel(id: number): void {
    const upload = this.#find(id);
    this.list = this.list.filter((known) => known !== upload);
    this.#stop(id);
    if (upload && upload.state.kind !== 'done') upload.transfer.forget();
    this.#next();
  }

  /** Tries at once what waits for the appliance, and what hangs: it can be reached again, or a key was given. */
  wake(): void {
    const current = this.#current;
    if (current && this.#options.now() - current.movedAt > asleepMs && this.#mayRestart(current.id)) {
      this.#set(current.id, { state: { kind: 'waiting' } });
      this.#stop(current.id);
    }
    for (const { id, state } of this.list) if (state.kind === 'held' && state.refused.status !== 429) this.retry(id);
  }

  close(): void {
    this.list = [];
    this.#current?.abort.abort();
    clearInterval(this.#ticking);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #next(): void {
    if (this.#current || this.list.some(({ state }) => state.kind === 'held')) return;
    const upload = this.list.find(({ state }) => state.kind === 'waiting');
    if (upload) void this.#send(upload);
  }

  async #send({ id, file, sent: before, transfer }: Upload): Promise<void> {
    const { now } = this.#options;
    const current = { id, abort: new AbortController(), movedAt: now() };
    this.#current = current;
    this.#tick();
    let speed = speedometer(now, before);
    this.#set(id, { state: { kind: 'sending', bytesPerSecond: null, secondsLeft: null } });
    const onSent = (sent: number): void => {
      if (this.#current !== current) return;
      const known = this.#find(id)?.sent ?? 0;
      // The appliance may have less of it than was thought, or more.
      if (sent < known || sent > known + file.size / 4) speed = speedometer(now, sent);
      current.movedAt = now();
      const bytesPerSecond = speed(sent);
      const secondsLeft = bytesPerSecond ? (file.size - sent) / bytesPerSecond : null;
      const moved = sent > known ? { tries: 0 } : {};
      this.#set(id, { sent, state: { kind: 'sending', bytesPerSecond, secondsLeft }, ...moved });
    };
    try {
      const delivery = await transfer.send(onSent, current.abort.signal);
      const gone = delivery.status === 0 && !(await isReadable(file));
      if (this.#current === current) this.#settle(id, gone ? null : delivery);
    } catch (error) {
      if (!current.abort.signal.aborted) throw error;
    } finally {
      if (this.#current === current) this.#current = null;
      this.#next();
    }
  }

  /** `delivery` null: the file cannot be read any more. */
  #settle(id: number, delivery: Delivery | null): void {
    const upload = this.#find(id);
    if (!upload) return;
    if (delivery && delivery.status >= 200 && delivery.status < 300) {
      this.#set(id, { sent: upload.file.size, state: { kind: 'done', jobId: delivery.jobId } });
      this.#later(shownDoneMs, () => this.cancel(id));
      this.#options.onAccepted?.(upload.file, delivery.jobId);
      return;
    }
    const refused = delivery ? understand(delivery) : fileGone;
    this.#options.onRefused?.(upload.file, refused);
    const inS = delivery ? waitOf(refused, upload) : undefined;
    const state =
      inS === undefined ? ({ kind: 'refused', refused } as const) : ({ kind: 'held', refused, inS } as const);
    this.#set(id, { state, tries: upload.tries + 1 });
    this.#tick();
  }

  /** Counts down what is held, and notices what hangs. */
  #tick(): void {
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      const current = this.#current;
      const held = this.list.find(({ state }) => state.kind === 'held');
      if (current && this.#options.now() - current.movedAt > stalledMs && this.#mayRestart(current.id)) {
        this.#stop(current.id);
        this.#set(current.id, { state: { kind: 'held', refused: noAnswer, inS: 1 } });
      } else if (held?.state.kind === 'held' && held.state.inS !== null) {
        const inS = held.state.inS - 1;
        this.#set(held.id, { state: inS > 0 ? { ...held.state, inS } : { kind: 'waiting' } });
        this.#next();
      } else if (!current && !held) clearInterval(this.#ticking);
    }, 1000);
  }

  /** What went out whole is with the appliance, which may take its time. */
  #mayRestart(id: number): boolean {
    const upload = this.#find(id);
    return upload !== undefined && upload.sent < upload.file.size && upload.transfer.repeatable;
  }

  #stop(id: number): void {
    if (this.#current?.id !== id) return;
    this.#current.abort.abort();
    this.#current = null;
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers = this.#timers.filter((one) => one !== timer);
      work();
    }, ms);
    this.#timers = [...this.#timers, timer];
  }

  #find(id: number): Upload | undefined {
    return this.list.find((upload) => upload.id === id);
  }

  #set(id: number, change: Partial<Pick<Upload, 'sent' | 'state' | 'tries'>>): void {
    this.list = this.list.map((upload) => (upload.id === id ? { ...upload, ...change } : upload));
  }
}

/** Seconds until the next try; null: once a key is given; undefined: it is for a person to decide. */
function waitOf({ status, code, retryAfterS }: Refused, { transfer, tries }: Upload): number | null | undefined {
  if (status === 401) return null;
  if (!transfer.repeatable) return undefined;
  const backoff = waitsS[Math.min(tries, waitsS.length - 1)] ?? 10;
  if (status === 429) return retryAfterS ?? 10;
  if (absences.has(status) && code === null) return backoff;
  return conflicts.has(status) && tries < mostConflicts ? backoff : undefined;
}

async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false; // whatever the reason, sending it again would fail as well
  }
}
