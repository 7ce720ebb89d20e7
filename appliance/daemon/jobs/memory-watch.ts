// Watches how much memory a worker holds, and says when that is more than it may. Linux only: it reads /proc.
import { readFile, writeFile } from 'node:fs/promises';

export interface Watched {
  /** Undefined while it is not known. */
  workerPid(): Promise<number | undefined>;
}

export interface MemoryWatchOptions {
  /** Bytes. */
  readonly allowed: number;
  /** Called once. */
  readonly onExcess: () => void;
}

/** Short against the time in which a machine can fill its memory, long against the 0.1 ms that a look takes. */
const everyMs = 250;
/** The kernel, where it must end a process for its memory, is to take a worker rather than the daemon. */
const oomScore = '500';

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #marked = false;
  #excess: { readonly used: number; readonly allowed: number } | null = null;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  open(watched: Watched): void {
    if (process.platform !== 'linux') return;
    const look = async () => {
      await this.#look(watched);
      this.#timer?.refresh();
    };
    this.#timer = setTimeout(() => void look(), everyMs);
  }

  /** Ends the watch; what the worker held when it held too much, in bytes. */
  close(): { readonly used: number; readonly allowed: number } | null {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#excess;
  }

  async #look(watched: Watched): Promise<void> {
    const pid = await watched.workerPid();
    if (pid === undefined || this.#excess) return;
    try {
      if (!this.#marked) await writeFile(`/proc/${pid}/oom_score_adj`, oomScore);
      this.#marked = true;
      // In kB; statm counts pages, whose size Node does not tell.
      const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'latin1')) ?? [];
      const used = Number(resident) * 1024;
      const { allowed, onExcess } = this.#options;
      if (!(used > allowed)) return; // a process that is ending has no figure
      this.#excess = { used, allowed };
      onExcess();
    } catch {
      // It is gone, or going: its owner hears of that by its end.
    }
  }
}
