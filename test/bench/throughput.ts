// Frames a second of jobs against the bare session.run of the same process, in turns so that a noisy machine hits both.
import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { Appliance } from './appliance.ts';
import { atLeast, type Figure, mean, runs, told } from './figures.ts';
import { Program } from './program.ts';
import type { Order, Spent } from './programs/harness.ts';

const exec = promisify(execFile);

export interface Contest {
  /** An ONNX file. */
  readonly model: string;
  readonly video: string;
  /** Null: as the worker chooses. */
  readonly threads: number | null;
  /** Frames of one bare loop. */
  readonly bareFrames: number;
  /** A short video: the first job of a process opens files, compiles code and fills caches that all later ones find. */
  readonly warmUp: string;
}

/** A job in the process that the bare loop runs in, with the same loaded model and the same input tensor. */
export async function inOneProcess(name: string, goal: number, options: Contest & { decoder?: true }): Promise<Figure> {
  const { video, decoder } = options;
  const bench = await Bench.open(options);
  const title = `${name}, ${bench.threads}`;
  try {
    const ratios = await bench.rounds(title, async () => {
      const spent = await bench.program.order<Spent>({ kind: 'job', video });
      return { job: fps(spent), ...(decoder && { limit: await decodeFps(video, spent.frames) }) };
    });
    return atLeast(title, ratios, goal);
  } finally {
    await bench.close();
  }
}

/** From upload to completion on a running daemon, against the same loop in a process of its own. */
export async function wholeDaemon(name: string, options: Contest): Promise<Figure> {
  const { model, video, threads } = options;
  const appliance = await Appliance.start({
    model: { folder: dirname(model), name: basename(model, '.onnx'), threads },
  });
  try {
    const bench = await Bench.open({ ...options, threads: await appliance.threads() });
    const title = `${name}, ${bench.threads}`;
    try {
      const ratios = await bench.rounds(title, async () => {
        const { frames, seconds } = await appliance.run(video);
        return { job: frames / seconds };
      });
      return told(title, ratios, '');
    } finally {
      await bench.close();
    }
  } finally {
    await appliance.stop();
  }
}

class Bench {
  readonly program: Program<Order>;
  readonly threads: string;
  readonly #bareFrames: number;

  private constructor(program: Program<Order>, threads: string, bareFrames: number) {
    this.program = program;
    this.threads = threads;
    this.#bareFrames = bareFrames;
  }

  static async open({ model, threads, bareFrames, warmUp }: Contest): Promise<Bench> {
    const program = new Program<Order>('harness');
    const loaded = await program.order<{ threads: number }>({ kind: 'load', path: model, threads });
    const words = `${loaded.threads} ${loaded.threads === 1 ? 'thread' : 'threads'}`;
    await program.order({ kind: 'job', video: warmUp });
    return new Bench(program, threads === null ? `${words} (the default)` : words, bareFrames);
  }

  /** Bare, job, bare, job …: each job against the mean of the two loops around it, or `limit` where that is lower. */
  async rounds(title: string, job: () => Promise<{ job: number; limit?: number }>): Promise<number[]> {
    const ratios: number[] = [];
    let before = await this.#bareFps();
    for (let run = 0; run < runs; run++) {
      const { job: found, limit = Infinity } = await job();
      const after = await this.#bareFps();
      const bare = mean([before, after]);
      ratios.push(found / Math.min(bare, limit));
      const decoder = limit === Infinity ? '' : `, decoder ${limit.toFixed(1)} fps`;
      process.stderr.write(`  ${title}: job ${found.toFixed(1)} fps, bare ${bare.toFixed(1)} fps${decoder}\n`);
      before = after;
    }
    return ratios;
  }

  close(): Promise<void> {
    return this.program.close();
  }

  async #bareFps(): Promise<number> {
    return fps(await this.program.order<Spent>({ kind: 'bare', frames: this.#bareFrames }));
  }
}

function fps({ frames, ms }: Spent): number {
  return (frames * 1000) / ms;
}

async function decodeFps(video: string, frames: number): Promise<number> {
  const started = performance.now();
  await exec('gst-launch-1.0', ['-q', 'filesrc', `location=${video}`, '!', 'decodebin', '!', 'fakesink', 'sync=false']);
  return (frames * 1000) / (performance.now() - started);
}
