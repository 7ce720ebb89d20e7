// Folders through which a confined worker reaches its job: they are bound into its sandbox before the job is known, and the
// job's files are hard-linked into them when it is. A write on one side is there on the other; what the worker makes itself is
// linked back when it is done.
import { link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactFiles, jobFiles } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import type { Entrance } from './confinement.ts';
import { syncFolder } from '../record/sync-folder.ts';

export interface Workplace {
  /** Gets the input; bound so that it can only be read. */
  readonly inside: string;
  /** Gets the files of the artifact; bound so that they can be written. */
  readonly outside: string;
  readonly enter: (jobFolder: string) => Promise<Entrance>;
  readonly collect: (jobFolder: string, names: readonly string[]) => Promise<void>;
  readonly leave: () => Promise<void>;
}

export interface WorkplacesOptions {
  /** Theirs alone. What an earlier daemon left in it is removed. */
  readonly folder: string;
  readonly log: Log;
}

export class Workplaces {
  readonly #folder: string;
  readonly #log: Log;
  /** Used before and emptied: a worker finds a place even on a disk that has no room for another folder. */
  readonly #free: Workplace[] = [];
  #made = 0;

  private constructor({ folder, log }: WorkplacesOptions) {
    this.#folder = folder;
    this.#log = log;
  }

  static async open(options: WorkplacesOptions): Promise<Workplaces> {
    await rm(options.folder, { recursive: true, force: true });
    await mkdir(options.folder, { recursive: true });
    return new Workplaces(options);
  }

  /** Whether files of `jobs` can be linked into a workplace: not across file systems, and not on every kind of them. */
  async canLink(jobs: string): Promise<boolean> {
    const name = join(this.#folder, 'trial');
    const original = join(jobs, '.trial');
    try {
      await (await open(original, 'w')).close();
      await link(original, name);
      return true;
    } catch (err) {
      this.#log.info({ err }, 'files cannot be hard-linked in the data folder');
      return false;
    } finally {
      await Promise.all([rm(name, { force: true }), rm(original, { force: true })]);
    }
  }

  async take(): Promise<Workplace> {
    return this.#free.pop() ?? this.#make();
  }

  async #make(): Promise<Workplace> {
    const folder = join(this.#folder, String(++this.#made));
    const [inside, outside] = [join(folder, 'in'), join(folder, 'out')];
    await mkdir(inside, { recursive: true });
    await mkdir(outside);
    const place: Workplace = {
      inside,
      outside,
      enter: (jobFolder) => enter(jobFolder, { inside, outside }),
      collect: (jobFolder, names) => collect(outside, jobFolder, names),
      leave: async () => {
        try {
          await Promise.all([empty(inside), empty(outside)]);
          this.#free.push(place);
        } catch (err) {
          this.#log.warn({ err, folder }, 'workplace could not be emptied; it is not used again before the next start');
        }
      },
    };
    return place;
  }
}

/** All files of the artifact are there before the worker is, so that what it has found is in the job's folder at once. */
async function enter(jobFolder: string, { inside, outside }: Pick<Workplace, 'inside' | 'outside'>): Promise<Entrance> {
  const inputPath = join(inside, jobFiles.input);
  await link(join(jobFolder, jobFiles.input), inputPath);
  for (const name of artifactFiles) {
    await (await open(join(jobFolder, name), 'a')).close();
    await link(join(jobFolder, name), join(outside, name));
  }
  // The worker can sync its own folder alone; the names that count after a loss of power are these.
  await syncFolder(jobFolder);
  return { inputPath, artifactDir: outside };
}

/** What they are is looked at behind it, where the worker cannot reach their names. */
async function collect(outside: string, jobFolder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await rm(join(jobFolder, name), { force: true, recursive: true });
    await link(join(outside, name), join(jobFolder, name));
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
