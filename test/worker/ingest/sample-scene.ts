// The bundled film, whose objects are known to the pixel: how much of what is there was found, and where.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { Box } from '../../../appliance/contract/frame.ts';
import { matched, type Marked } from '../matching.ts';

const models = resolve(import.meta.dirname, '../../../models');
export const sampleFiles = {
  model: resolve(models, 'demo.onnx'),
  video: resolve(models, 'demo/sample.mp4'),
  truth: resolve(models, 'demo/sample.truth.json'),
} as const;

const Truth = z.object({
  frames: z.array(
    z.object({ objects: z.array(z.object({ class: z.string(), xyxy: Box, ignore: z.boolean().optional() })) }),
  ),
});

export interface Scene {
  /** What can be demanded of a detector, in each frame. */
  readonly plain: Marked[][];
  /** And what it may find besides: objects that the edge or another one hides for the most part. */
  readonly all: Marked[][];
}

export async function readScene(): Promise<Scene> {
  const { frames } = Truth.parse(JSON.parse(await readFile(sampleFiles.truth, 'utf8')));
  const marked = (hiddenToo: boolean) =>
    frames.map(({ objects }) =>
      objects
        .filter(({ ignore }) => hiddenToo || ignore !== true)
        .map((object) => ({ class: object.class, box: object.xyxy })),
    );
  return { plain: marked(false), all: marked(true) };
}

/** The share of all objects that were found with at least this overlap. */
export function recall(
  truth: readonly (readonly Marked[])[],
  found: readonly (readonly Marked[])[],
  iou: number,
): number {
  const all = truth.reduce((sum, objects) => sum + objects.length, 0);
  const right = truth.reduce((sum, objects, at) => sum + matched(objects, found[at] ?? [], iou).length, 0);
  return right / all;
}
