// What JavaScript costs a frame: all that the worker's main thread does outside session.run.
import { atMost, type Figure, runs } from './figures.ts';
import { Program } from './program.ts';
import type { Order, Spent } from './programs/harness.ts';

export interface Overhead {
  /** A network that costs almost nothing, so that what is left is not the difference of two large numbers. */
  readonly model: string;
  /** Two videos of the model's input size that differ in length alone. */
  readonly short: string;
  readonly long: string;
}

/**
 * Time on a core of the JavaScript thread, as the kernel counts it: waiting for a frame is not work, and the decoder's
 * threads are not JavaScript. A long job minus a short one, so that the start drops out, minus as many bare runs.
 */
export async function overhead(name: string, { model, short, long }: Overhead): Promise<Figure> {
  const program = new Program<Order>('harness');
  try {
    await program.order({ kind: 'load', path: model, threads: 1 });
    const job = (video: string) => program.order<Spent>({ kind: 'job', video });
    await job(short);
    const values: number[] = [];
    for (let run = 0; run < runs; run++) {
      const [few, many] = [await job(short), await job(long)];
      const bare = await program.order<Spent>({ kind: 'bare', frames: many.frames - few.frames });
      values.push((many.threadMs - few.threadMs - bare.threadMs) / bare.frames);
      process.stderr.write(
        `  a frame ${((many.threadMs - few.threadMs) / bare.frames).toFixed(3)} ms, of which bare ${(bare.threadMs / bare.frames).toFixed(3)} ms\n`,
      );
    }
    return atMost(name, values, 0.8, 'ms', 3);
  } finally {
    await program.close();
  }
}
