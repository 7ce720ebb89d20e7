// Whether a provider gains from several frames in one inference, which is when they would be worth collecting.
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Figure, median, runs, told } from './figures.ts';
import { withOpenBatch } from './network-files.ts';
import { Program } from './program.ts';
import type { Order } from './programs/batch.ts';

/** From this gain on, batches are to be used; today they are not, so less is as it should be. */
const worthIt = 1.1;

export async function threeFrames(name: string, model: string, scratch: string): Promise<Figure> {
  const program = new Program<Order>('batch');
  try {
    const open = join(scratch, 'open-batch.onnx');
    await writeFile(open, withOpenBatch(await readFile(model)));
    const ratios = await program.order<number[]>({
      model: open,
      threads: availableParallelism(),
      rounds: 2 * runs + 1,
    });
    const figure = told(`${name}, 3 single runs ÷ 3-frame batch`, ratios, '', 2);
    return { ...figure, goal: `used when ≥ ${worthIt}`, met: median(ratios) < worthIt };
  } finally {
    await program.close();
  }
}
