// What was found in a job's video, in every form that it is asked for. Reads the artifact anew each time, in pieces.
import { access } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { type Clip, clipFiles, productFiles } from '../../contract/products.ts';
import { cocoPieces } from './export-coco.ts';
import { csvPieces } from './export-csv.ts';
import { jsonPieces, videoResultPieces } from './export-json.ts';
import { inlineResults } from './inline.ts';
import { lineBatches } from './lines.ts';
import { Pages } from './pages.ts';
import type { Pieces } from './pieces.ts';

export const exportFormats = ['json', 'ndjson', 'csv', 'coco'] as const;
export type ExportFormat = (typeof exportFormats)[number];

interface Exporter {
  readonly type: string;
  readonly extension: string;
  readonly pieces: (job: Job, framesPath: string, signal: AbortSignal | undefined) => Pieces;
}

const exporters: Record<ExportFormat, Exporter> = {
  json: { type: 'application/json; charset=utf-8', extension: 'json', pieces: jsonPieces },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    pieces: (_job, path, signal) => lineBatches(path, { signal }),
  },
  csv: { type: 'text/csv; charset=utf-8; header=present', extension: 'csv', pieces: csvPieces },
  coco: { type: 'application/json; charset=utf-8', extension: 'coco.json', pieces: cocoPieces },
};

export class Results {
  readonly #jobsDir: string;
  readonly #pages = new Pages();

  constructor({ jobsDir }: { readonly jobsDir: string }) {
    this.#jobsDir = jobsDir;
  }

  inputPath(jobId: string): string {
    return join(this.#jobsDir, jobId, jobFiles.input);
  }

  /** `name`: to be saved as, fit for a header. */
  video(job: Job, which: 'input' | 'annotated'): { path: string; type: string; name: string } {
    if (which === 'input') {
      const ending = /\.\w{1,5}$/.exec(job.sourceName)?.[0] ?? '';
      return { path: this.inputPath(job.id), type: job.sourceType, name: `${downloadName(job)}${ending}` };
    }
    const path = join(this.#jobsDir, job.id, productFiles.annotated);
    return { path, type: 'video/mp4', name: `${downloadName(job)}-annotated.mp4` };
  }

  /** Where its files are. `name`: to be saved as, fit for a header. */
  clip(job: Job, clip: Clip): { video: string; poster: string; name: string } {
    const { video, poster } = clipFiles(clip);
    const folder = join(this.#jobsDir, job.id);
    return { video: join(folder, video), poster: join(folder, poster), name: `${downloadName(job)}-${video}` };
  }

  posterPath(jobId: string): string {
    return join(this.#jobsDir, jobId, jobFiles.poster);
  }

  /** JSON `{"offset","limit","total","frames"}`: of a job that still runs, what it has found so far. */
  page(jobId: string, query: { offset: number; limit: number; signal?: AbortSignal | undefined }): Pieces {
    return this.#pages.pieces(this.#framesPath(jobId), query);
  }

  /**
   * JSON `{"plugin_id","tool","results":{"frames","summary"}}` of a completed job. Frames of more than `wholeBytes` are
   * left out but for their first `teaserBytes`, and `"truncated":true` says so.
   */
  async inline(job: Job, wholeBytes: number, teaserBytes: number): Promise<string> {
    return inlineResults(job, this.#framesPath(job.id), { wholeBytes, teaserBytes });
  }

  /** The older dialect's answer for a completed job, all frames in it. Throws as export does. */
  videoResults(job: Job, signal?: AbortSignal): Pieces {
    return this.#checked(job, videoResultPieces, signal);
  }

  /** A completed job as a file to download. Its chunks throw Fault `artifact-failed` where the frames are gone. */
  export(job: Job, format: ExportFormat, signal?: AbortSignal): { chunks: Pieces; type: string; name: string } {
    const { type, extension, pieces } = exporters[format];
    return { chunks: this.#checked(job, pieces, signal), type, name: `${downloadName(job)}.${extension}` };
  }

  async *#checked(job: Job, pieces: Exporter['pieces'], signal: AbortSignal | undefined): Pieces {
    const path = this.#framesPath(job.id);
    try {
      await access(path);
    } catch (error) {
      throw new Fault('artifact-failed', 'The results of this job are no longer on the disk', { cause: error });
    }
    yield* pieces(job, path, signal);
  }

  #framesPath(jobId: string): string {
    return join(this.#jobsDir, jobId, jobFiles.frames);
  }
}

/** For a header: no quote, no path, no letter that is not ASCII. The id keeps two videos of one name apart. */
function downloadName({ id, sourceName }: Job): string {
  const stem = sourceName.slice(0, -extname(sourceName).length || undefined).replace(/[^\w-]+/g, '_');
  return `${stem.slice(0, 60)}-${id.slice(0, 8)}`;
}
