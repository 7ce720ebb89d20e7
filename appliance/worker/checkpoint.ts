// Where a job can be taken up again: what was found until there, and what it was found in and with.
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DetectionSettings } from '../contract/detection.ts';
import { codeOf } from '../contract/errno.ts';
import { jobFiles, Provider, SourceInfo } from '../contract/frame.ts';
import { type Disk, overwrite } from './disk.ts';
import { Fingerprint } from './fingerprint.ts';
import { Place } from './ingest/place.ts';

/** All that decides what is found in a frame: lines made with one are not continued with another. */
export const Method = z.object({
  pluginId: z.string(),
  tools: z.array(z.string()),
  /** Of those whose code can change beneath the same id. */
  revisions: z.record(z.string(), z.string()).default({}),
  detection: DetectionSettings,
  /** SHA-256 of the weights. */
  model: z.string(),
  provider: Provider,
  threads: z.number(),
});
export type Method = z.infer<typeof Method>;

export const Checkpoint = z.object({
  version: z.literal(4),
  /** Grows with each one of a job. */
  number: z.number().int().positive(),
  source: Fingerprint,
  probed: z.object({ info: SourceInfo, pixelAspect: z.number() }),
  method: Method,
  place: Place,
  /** Length of frames.ndjson up to the place. */
  bytes: z.number().int().nonnegative(),
  /** Detections by class name, of each tool. */
  found: z.record(z.string(), z.record(z.string(), z.number().int())),
  /** What each tool keeps of the frames before the place, in its own form; those that keep nothing are not named. */
  memory: z.record(z.string(), z.unknown()),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

const files = [jobFiles.checkpointA, jobFiles.checkpointB] as const;

/** The newest that is whole; null where there is none. */
export async function readCheckpoint(directory: string): Promise<Checkpoint | null> {
  const found = await Promise.all(files.map((name) => readOne(join(directory, name))));
  return found.reduce((a, b) => (a && b ? (a.number > b.number ? a : b) : (a ?? b)), null);
}

/** On the disk when it returns. The one before it stays whole meanwhile. */
export async function writeCheckpoint(directory: string, checkpoint: Checkpoint, disk: Disk): Promise<void> {
  const name = files[checkpoint.number % 2 === 0 ? 0 : 1];
  await disk.write(() => overwrite(join(directory, name), `${JSON.stringify(checkpoint)}\n`, 'sync'));
}

/** For a job that starts over: its earlier checkpoints are of a longer artifact than it has now. */
export async function forgetCheckpoints(directory: string): Promise<void> {
  for (const name of files) {
    await truncate(join(directory, name)).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  }
}

/** Null for a file that is not there, was cut off while it was written, or is of another release. */
async function readOne(path: string): Promise<Checkpoint | null> {
  try {
    return Checkpoint.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null; // the other file, or the start of the video, is as good
  }
}
