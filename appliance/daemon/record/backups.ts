// The nightly backup: when one is due, who makes it, and what is said when it fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../log.ts';
import { listBackups, nextBackup, pruneBackups } from './backup-folder.ts';

export interface BackupsOptions {
  readonly database: string;
  readonly folder: string;
  /** The newest that are kept; 0: none is made. */
  readonly kept: number;
  /** The program that makes one: `--database FILE` and where to. A process of its own never holds this one up. */
  readonly entry: URL;
  /** False while there is nothing to save. */
  readonly worthwhile: () => boolean;
  /** The complaint came, changed or went. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** Local time. */
const nightHour = 3;
/** What failed is tried again, and a clock that was set is noticed. */
const lookAgainMs = 3_600_000;
/** Exit code of the program where the database itself is damaged. */
const damagedCode = 74;

export class Backups {
  readonly #options: BackupsOptions;
  #complaint: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** A sentence with its remedy while the last backup has failed. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /** Makes one now where the last night's is missing, and from now on every night. */
  open(): void {
    if (this.#options.kept > 0) this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
    await this.#looking;
  }

  #look(): void {
    this.#looking = this.#makeWhenDue()
      .catch((err: unknown) => this.#failed(err))
      .finally(() => {
        if (this.#closed) return;
        const now = new Date();
        const wait = Math.min(lookAgainMs, nightAfter(now).getTime() - now.getTime());
        this.#timer = setTimeout(() => this.#look(), wait);
      });
  }

  async #makeWhenDue(): Promise<void> {
    const { folder, kept, worthwhile, log } = this.#options;
    const now = new Date();
    // One of the future was made while the clock was wrong, and says nothing.
    const newest = (await listBackups(folder)).find(({ madeAt }) => madeAt <= now);
    if (this.#closed || (newest && newest.madeAt >= nightBefore(now)) || !worthwhile()) return;
    const file = await nextBackup(folder);
    const began = performance.now();
    const { code, said } = await this.#run(file);
    if (code !== 0) {
      this.#failed(new Error(said.trim() || `the backup's process ended with ${String(code)}`), code);
      return;
    }
    await pruneBackups(folder, file, kept);
    log.info({ file, ms: Math.round(performance.now() - began) }, 'database backed up');
    this.#say(null);
  }

  async #run(file: string): Promise<{ code: number | null; said: string }> {
    if (this.#closed) return { code: null, said: '' };
    const { entry, database } = this.#options;
    // The channel carries nothing: the program leaves when it closes, should this process be killed.
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(entry), '--database', database, file], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    try {
      const heard = child.stderr ? text(child.stderr) : '';
      const ended = once(child, 'exit') as Promise<[number | null]>;
      const [said, [code]] = await Promise.all([heard, ended]);
      return { code, said };
    } finally {
      this.#child = undefined;
    }
  }

  #failed(err: unknown, code?: number | null): void {
    if (this.#closed) return; // it was cut off, which says nothing
    this.#options.log.error({ err, code }, 'database not backed up');
    this.#say(
      code === damagedCode
        ? 'The backup of the database found it damaged. Restart Vedette: it then restores the newest good backup.'
        : 'The backup of the database failed. The log says why; it is tried again within the hour.',
    );
  }

  #say(complaint: string | null): void {
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#options.onChange();
  }
}

function nightBefore(now: Date): Date {
  const night = new Date(now);
  night.setHours(nightHour, 0, 0, 0);
  if (night > now) night.setDate(night.getDate() - 1);
  return night;
}

function nightAfter(now: Date): Date {
  const night = nightBefore(now);
  night.setDate(night.getDate() + 1);
  return night;
}
