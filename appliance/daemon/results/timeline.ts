// A job at a glance: how much was seen when, and who. Counted from its frames when it is asked for, one job at a time.
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { follows, type FoundObject, objectsOf, outputsIn } from '../../contract/found.ts';
import { jobFiles, ResultFrame } from '../../contract/frame.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Timeline } from '../../contract/timeline.ts';
import { frameBatches } from './frames.ts';
import { lastLine } from './lines.ts';
import { Span } from './span.ts';

export interface TimelineQuery {
  /** Seconds; the whole where both are left out. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly bins: number;
  /** Of a job with several, the one whose output is counted; by default the first that follows things, else the first. */
  readonly tool?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Requests behind the one whose frames are read. */
const mostWaiting = 8;
/** Timelines of finished jobs. */
const mostKept = 16;

export class Timelines {
  readonly #jobsDir: string;
  /** Whole ones, the one asked for last stands last. A job that runs again has another key. */
  readonly #kept = new Map<string, Timeline>();
  /** The one whose frames are read, and those that wait for it. */
  #asked = 0;
  #last: Promise<void> = Promise.resolve();

  constructor({ jobsDir }: { readonly jobsDir: string }) {
    this.#jobsDir = jobsDir;
  }

  /**
   * Of a job in any state, with the frames that are there. Throws Fault 'busy' where too many wait for theirs, and
   * 'tool-not-found' where the job has no such tool.
   */
  async of(job: Job, query: TimelineQuery): Promise<Timeline> {
    const { tool = '' } = query;
    if (query.tool !== undefined && !job.tools.includes(tool)) {
      throw new Fault('tool-not-found', `Tool '${tool}' is not one of this job's: ${job.tools.join(', ')}`);
    }
    const whole = isFinal(job.status) && query.from === undefined && query.to === undefined;
    const key = whole ? `${job.id} ${job.seq} ${query.bins} ${tool}` : null;
    const known = this.#recall(key);
    if (known) return known;
    return this.#inTurn(async () => this.#recall(key) ?? this.#keep(key, await this.#count(job, query)));
  }

  async #count(job: Job, { from = 0, to, bins, tool, signal }: TimelineQuery): Promise<Timeline> {
    const path = join(this.#jobsDir, job.id, jobFiles.frames);
    const span = new Span(from, to ?? Math.max(await endOf(job, path), from), bins);
    const wanted = (line: string) => span.includes(timeIn(line) ?? span.fromS);
    for await (const frames of frameBatches(path, signal, wanted)) {
      for (const frame of frames) span.add(frame.frame_index, frame.pts_s, objectsBy(tool, frame));
    }
    return span.timeline(job.id);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#asked > mostWaiting) {
      throw new Fault('busy', 'Too many timelines are asked for at once. Try again in a few seconds.');
    }
    const before = this.#last;
    let done = (): void => undefined;
    this.#last = new Promise((resolve) => (done = resolve));
    this.#asked += 1;
    try {
      await before;
      return await work();
    } finally {
      this.#asked -= 1;
      done();
    }
  }

  #recall(key: string | null): Timeline | undefined {
    const known = key === null ? undefined : this.#kept.get(key);
    if (key !== null && known) this.#keep(key, known);
    return known;
  }

  #keep(key: string | null, timeline: Timeline): Timeline {
    if (key === null) return timeline;
    this.#kept.delete(key);
    this.#kept.set(key, timeline);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
    return timeline;
  }
}

/** Several tools often find the same things: those of one are counted. */
function objectsBy(tool: string | undefined, frame: ResultFrame): readonly FoundObject[] {
  const outputs = outputsIn(frame);
  const chosen =
    tool === undefined ? outputs.find(([, output]) => follows(output)) : outputs.find(([id]) => id === tool);
  const [id, output] = chosen ?? outputs[0] ?? [];
  return output ? objectsOf(output, id ?? null) : [];
}

/** Seconds: of the source, or of the last frame where that comes later. */
async function endOf(job: Job, path: string): Promise<number> {
  const line = await lastLine(path);
  const last = line === undefined ? 0 : ResultFrame.parse(JSON.parse(line)).pts_s;
  return Math.max(job.source?.duration_s ?? job.summary?.duration_s ?? 0, last);
}

/** Of a line as a worker writes it, without parsing the rest: most of a long video lies outside of the part asked for. */
function timeIn(line: string): number | null {
  const time = /^\{"frame_index":\d+,"pts_s":([\d.]+),/.exec(line)?.[1];
  return time === undefined ? null : Number(time);
}
