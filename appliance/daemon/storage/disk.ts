// The watch on the disk: how much is free, who holds how much, who has to wait for room. What the product keeps there are
// uploads, results and backups: logs go to stdout, previews are not written, so neither has a class.
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../../contract/errno.ts';
import type { DiskView } from '../../contract/api.ts';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { hasMoved, type Limits, type Numbers, type Shortage, shortages } from './levels.ts';
import { bytesOf, freeBytes, sizeOf } from './measure.ts';
import type { Usage } from './usage.ts';
import { complain, holdFor, refuse } from './words.ts';

export interface DiskOptions {
  readonly folders: { readonly data: string; readonly uploads: string; readonly backups: string };
  readonly usage: Usage;
  readonly limits: Limits;
  /** Called when jobs have to wait from now on, with the reason, and with null when they may go on. */
  readonly hold: (reason: string | null) => void;
  /** The view or the complaint is new. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** The waits between two looks: a disk that is full for a moment is not to hold a job for longer than that. */
const calmMs = 1000;
const lowMs = 250;
/** Between two looks at what running jobs have written, at the backups, and at numbers that hardly move. */
const jobsMs = 5000;
const backupsMs = 60_000;
const shownMs = 30_000;

export class Disk {
  readonly #options: DiskOptions;
  readonly #leaving = new AbortController();
  readonly #due = { jobs: 0, backups: 0, shown: 0 };
  /** Bytes that each upload under way was admitted for and has not brought yet. */
  readonly #promised = new Map<object, number>();
  #limits: Limits;
  #watching: Promise<void> | undefined;
  #numbers: Numbers | null = null;
  #short: readonly Shortage[] = [];
  #held: string | null = null;
  /** What is told of the numbers: it moves less often than they do. */
  #told: (Numbers & { readonly counted: boolean }) | null = null;
  #blind: string | null = null;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  /** From now on; who waits for room is told within a second. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
    this.#due.shown = 0;
  }

  /** After the first look. */
  async open(): Promise<void> {
    await this.#look();
    this.#watching = this.#watch();
  }

  /** As last seen; null until then. */
  get numbers(): Numbers | null {
    return this.#numbers;
  }

  get low(): boolean {
    return this.#short.length > 0;
  }

  /** Null until everything was measured once. */
  get view(): DiskView | null {
    const limits = this.#limits;
    if (!this.#told?.counted) return null;
    return {
      state: this.low ? 'low' : 'ok',
      free_bytes: this.#told.free,
      reserve_bytes: limits.reserve,
      uploads: { bytes: this.#told.uploads, quota_bytes: limits.uploads },
      artifacts: { bytes: this.#told.artifacts, quota_bytes: limits.artifacts },
      backups: { bytes: this.#told.backups, quota_bytes: null },
    };
  }

  /** A sentence with numbers and remedy while there is too little room, else null. */
  get complaint(): string | null {
    const [gravest] = this.#short;
    if (gravest && this.#told) return complain(gravest, this.#told, this.#limits);
    return this.#blind;
  }

  /** The same sentence while it keeps jobs from running. */
  get obstacle(): string | null {
    return this.#held === null ? null : this.complaint;
  }

  /**
   * Throws Fault 'disk-full', with the numbers, when so many more bytes may not be taken in. For an `upload` that is
   * named they are promised until it asks again, or is released.
   */
  async admit(bytes: number, upload?: object): Promise<void> {
    const { usage, folders } = this.#options;
    const limits = this.#limits;
    // What has just arrived counts, and counts once: it is measured before the folder that it was moved from.
    if (limits.uploads !== null) await usage.settled();
    const uploads = usage.input + (await bytesOf(folders.uploads));
    const now = { free: await freeBytes(folders.data), uploads, artifacts: usage.artifacts };
    const underWay = upload !== undefined && this.#promised.has(upload);
    let promised = 0;
    for (const [other, left] of this.#promised) if (other !== upload) promised += left;
    const refusal = refuse({ bytes, promised, underWay }, now, limits, this.#short);
    if (refusal !== null) throw new Fault('disk-full', refusal);
    if (upload) this.#promised.set(upload, bytes);
  }

  /** Bytes that a file may have which is to fit at all, whatever else goes. */
  async most(): Promise<number> {
    const { reserve, uploads } = this.#limits;
    const room = (await sizeOf(this.#options.folders.data)) - reserve;
    return Math.max(Math.min(room, uploads ?? room), 0);
  }

  /** It has brought all, or was given up. */
  release(upload: object): void {
    this.#promised.delete(upload);
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#leaving;
    for (;;) {
      await setTimeout(this.low ? lowMs : calmMs, undefined, { signal }).catch(() => undefined); // closed meanwhile
      if (signal.aborted) return;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const wasBlind = this.#blind !== null;
    try {
      this.#numbers = await this.#measure();
      this.#blind = null;
      if (wasBlind) this.#options.log.info({}, 'disk can be measured again');
    } catch (err) {
      this.#blind = `The disk of the data folder cannot be measured (${codeOf(err) || 'unknown reason'}): check that it is mounted and sound.`;
      if (!wasBlind) this.#options.log.error({ err }, 'disk cannot be measured; its last numbers stand');
    }
    if (this.#leaving.signal.aborted) return;
    if (this.#numbers) this.#judge(this.#numbers);
    if (wasBlind !== (this.#blind !== null)) this.#options.onChange();
  }

  async #measure(): Promise<Numbers> {
    const { folders, usage } = this.#options;
    if (this.#isDue('jobs', jobsMs)) usage.refresh();
    const backups = this.#isDue('backups', backupsMs) ? await bytesOf(folders.backups) : (this.#numbers?.backups ?? 0);
    const coming = await bytesOf(folders.uploads);
    const free = await freeBytes(folders.data);
    return { free, uploads: usage.input + coming, artifacts: usage.artifacts, backups };
  }

  #judge(now: Numbers): void {
    const { usage, log, hold, onChange } = this.#options;
    const limits = this.#limits;
    const before = this.#short;
    this.#short = shortages(now, limits, before);
    const changed = this.#short.join() !== before.join();
    if (changed && this.low) log.warn({ short: this.#short, ...now }, 'disk is low');
    else if (changed) log.info({ ...now }, 'disk has room again');

    const held = this.#short.map((shortage) => holdFor(shortage, limits)).find((reason) => reason !== null) ?? null;
    if (held !== this.#held) {
      this.#held = held;
      hold(held);
    }

    const isNew = changed || this.#told?.counted !== usage.counted || hasMoved(this.#told, now);
    if (!isNew && !this.#isDue('shown', shownMs)) return;
    this.#due.shown = performance.now() + shownMs;
    this.#told = { ...now, counted: usage.counted };
    onChange();
  }

  /** True once in so long. */
  #isDue(what: 'jobs' | 'backups' | 'shown', everyMs: number): boolean {
    if (performance.now() < this.#due[what]) return false;
    this.#due[what] = performance.now() + everyMs;
    return true;
  }
}
