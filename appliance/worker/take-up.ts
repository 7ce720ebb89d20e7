// Finds out where a job begins: at the start of its video, or where an earlier worker left off.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Fault } from '../contract/fault.ts';
import { jobFiles } from '../contract/frame.ts';
import type { Log } from '../log.ts';
import { type Checkpoint, type Method, readCheckpoint } from './checkpoint.ts';
import { fingerprint } from './fingerprint.ts';
import type { Tool } from './tools/tool.ts';

export interface TakeUpOptions {
  readonly inputPath: string;
  readonly artifactDir: string;
  readonly method: Method;
  readonly tools: readonly Pick<Tool, 'id' | 'memory'>[];
  readonly log: Log;
}

/**
 * The checkpoint to go on from; null: from the start. Throws Fault source-changed where the input is not the file that
 * was begun with: what was found in that one must not be mixed with this one's.
 */
export async function takeUp(options: TakeUpOptions): Promise<Checkpoint | null> {
  const { inputPath, artifactDir, method, tools, log } = options;
  const checkpoint = await readCheckpoint(artifactDir);
  if (!checkpoint) return null;
  const source = await fingerprint(inputPath).catch((cause: unknown) => {
    throw new Fault('source-changed', 'The video cannot be read any more.', { cause });
  });
  if (!isDeepStrictEqual(source, checkpoint.source)) {
    throw new Fault('source-changed', 'The video is not the file that the job began with: it was changed on the disk.');
  }
  const frames = checkpoint.place.frames;
  if (!isDeepStrictEqual(method, checkpoint.method)) {
    log.info({ frames, before: checkpoint.method, now: method }, 'model or settings changed; starting over');
    return null;
  }
  const forgetful = tools.find(({ id, memory = z.null() }) => !memory.safeParse(checkpoint.memory[id] ?? null).success);
  if (forgetful) {
    log.info({ frames, tool: forgetful.id }, 'the tool knows its own memory no more; starting over');
    return null;
  }
  const { size } = await stat(join(artifactDir, jobFiles.frames)).catch(() => ({ size: 0 })); // gone: shorter than any
  if (size < checkpoint.bytes) {
    log.warn({ frames, bytes: checkpoint.bytes, size }, 'the artifact is shorter than its checkpoint; starting over');
    return null;
  }
  log.info({ frames }, 'going on from a checkpoint');
  return checkpoint;
}
