// Results inside the answer of a job: whole where they are small, else only their beginning.
import { stat } from 'node:fs/promises';
import { codeOf } from '../../contract/errno.ts';
import type { Job } from '../../contract/job.ts';
import { resultsHead, resultsTail } from './export-json.ts';
import { asElements, lineBatches } from './lines.ts';

/** No line of an artifact is shorter: index, time and four empty lists. */
const shortestLine = 60;

/**
 * JSON `{"plugin_id","tool","results":{"frames","summary"}}`. Frames of more than `wholeBytes` are left out but for
 * whole lines of their first `teaserBytes`, and `"truncated":true` says so. Touches no file where the number of frames
 * alone says that they are too many.
 */
export async function inlineResults(
  job: Job,
  framesPath: string,
  { wholeBytes, teaserBytes }: { readonly wholeBytes: number; readonly teaserBytes: number },
): Promise<string> {
  const surelyTooLong = (job.summary?.total_frames ?? 0) * shortestLine > wholeBytes;
  const size = surelyTooLong && teaserBytes === 0 ? Infinity : await sizeOf(framesPath);
  const whole = size <= wholeBytes;
  const end = whole ? size : teaserBytes;
  let frames = '';
  for await (const piece of asElements(lineBatches(framesPath, { range: { start: 0, end } })))
    frames += piece.toString();
  return `${resultsHead(job)}${frames}${resultsTail(job)}${whole ? '' : ',"truncated":true'}}`;
}

/** Infinity where the file is gone: then the answer says that something is missing. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Infinity;
    throw error;
  }
}
