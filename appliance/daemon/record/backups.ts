// Backups: every night's and those that are asked for; who makes them, and what is said when one fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { type Backup, listBackups, nextBackup, pruneBackups } from './backup-folder.ts';

export interface BackupsOptions {
  readonly database: string;
  readonly folder: string;
  /** The newest that are kept; 0: none is made unless it is asked for, and none removed. */
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
const damaged =
  'The backup of the database found it damaged. Restart Vedette: it then restores the newest good backup.';

type Failure = 'damaged' | 'no room' | 'failed' | 'cut off';

export class Backups {
  readonly #options: BackupsOptions;
  #kept: number;
  #complaint: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #looking: Promise<void> | undefined;
  /** At most one at a time. */
  #making: Promise<unknown> | undefined;
  #closed = false;

  constructor(options: BackupsOptions) {
    this.#options = options;
    this.#kept = options.kept;
  }

  /** The newest that are kept. */
  get kept(): number {
    return this.#kept;
  }

  /** From now on; none is removed before the next one is made. */
  setKept(kept: number): void {
    this.#kept = kept;
    if (!this.#timer) return; // not open yet, or looking: then again soon enough
    clearTimeout(this.#timer);
    this.#look();
  }

  /** A sentence with its remedy while the last backup has failed. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /** Makes one now where the last night's is missing, and from now on every night. */
  open(): void {
    this.#look();
  }

  /** Newest first. */
  list(): Promise<Backup[]> {
    return listBackups(this.#options.folder);
  }

  /**
   * Makes one now. Throws Fault 'busy' while one is made, 'disk-full', 'database-unusable' where it found the database
   * damaged, and 'data-not-writable' where it could not be made for any other reason.
   */
  async make(): Promise<Backup> {
    if (this.#making) throw new Fault('busy', 'A backup is being made already. Wait until it is done.');
    const made = await this.#make();
    if (typeof made !== 'object') throw refusal(made);
    return made;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
    await this.#looking;
    await this.#making;
  }

  #look(): void {
    this.#timer = undefined;
    this.#looking = this.#makeWhenDue()
      .catch((err: unknown) => void this.#failed(err))
      .finally(() => {
        if (this.#closed) return;
        const now = new Date();
        const wait = Math.min(lookAgainMs, nightAfter(now).getTime() - now.getTime());
        this.#timer = setTimeout(() => this.#look(), wait);
      });
  }

  async #makeWhenDue(): Promise<void> {
    const { folder, worthwhile } = this.#options;
    const now = new Date();
    // One of the future was made while the clock was wrong, and says nothing.
    const newest = (await listBackups(folder)).find(({ madeAt }) => madeAt <= now);
    if (
      this.#kept === 0 ||
      this.#closed ||
      this.#making ||
      (newest && newest.madeAt >= nightBefore(now)) ||
      !worthwhile()
    )
      return;
    await this.#make();
  }

  /** The backup, or what became of it. Never rejects. */
  async #make(): Promise<Backup | Failure> {
    const making = this.#tryToMake().catch((err: unknown) => this.#failed(err));
    this.#making = making;
    try {
      return await making;
    } finally {
      this.#making = undefined;
    }
  }

  async #tryToMake(): Promise<Backup | Failure> {
    const { folder, log } = this.#options;
    const file = await nextBackup(folder);
    const began = performance.now();
    const { code, said } = await this.#run(file);
    if (code !== 0)
      return this.#failed(new Error(said.trim() || `the backup's process ended with ${String(code)}`), code);
    if (this.#kept > 0) await pruneBackups(folder, file, this.#kept);
    log.info({ file, ms: Math.round(performance.now() - began) }, 'database backed up');
    this.#say(null);
    const made = (await listBackups(folder)).find(({ path }) => path === file);
    return made ?? this.#failed(new Error(`${file} was removed as soon as it was made`));
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

  #failed(err: unknown, code?: number | null): Failure {
    if (this.#closed) return 'cut off'; // which says nothing
    this.#options.log.error({ err, code }, 'database not backed up');
    const again = this.#kept > 0 ? '; it is tried again within the hour' : '';
    this.#say(code === damagedCode ? damaged : `The backup of the database failed. The log says why${again}.`);
    if (code === damagedCode) return 'damaged';
    return /ENOSPC|SQLITE_FULL|disk is full/.test(String(err)) ? 'no room' : 'failed';
  }

  #say(complaint: string | null): void {
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#options.onChange();
  }
}

function refusal(failure: Failure): Fault {
  switch (failure) {
    case 'damaged':
      return new Fault('database-unusable', damaged);
    case 'no room':
      return new Fault('disk-full', 'The disk has no room for a backup. Delete finished jobs, and try again.');
    case 'failed':
      return new Fault('data-not-writable', 'The backup could not be made. The log says why.');
    case 'cut off':
      return new Fault('data-not-writable', 'Vedette is stopping, so no backup was made.');
    default:
      return failure satisfies never;
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
