// A tracking job in this process, as a worker runs it, that can be cut off after any frame.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { Fault } from '../../../appliance/contract/fault.ts';
import { jobFiles, type Summary } from '../../../appliance/contract/frame.ts';
import { Hold } from '../../../appliance/worker/hold.ts';
import type { Model } from '../../../appliance/worker/infer/model.ts';
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';
import { runJob } from '../../../appliance/worker/job.ts';
import { videoPlayerTracking } from '../../../appliance/worker/tools/tracking.ts';
import type { Tool } from '../../../appliance/worker/tools/tool.ts';
import { everything } from '../../support/everything.ts';
import { workOf } from '../../support/work.ts';

export interface TrackOptions {
  readonly video: string;
  readonly model: Model;
  /** Of the artifact; it may hold what was done before. */
  readonly directory: string;
  /** It is cancelled when so many frames are done: the promise rejects. */
  readonly stopAt?: number;
  readonly classes?: readonly string[];
  readonly onProgress?: (frame: number, total: number | null) => void;
}

/** Throws Fault as runJob does. */
export async function track({
  video,
  model,
  directory,
  stopAt = Infinity,
  ...options
}: TrackOptions): Promise<Summary> {
  const player = new Player(loadGStreamer());
  const leaving = new AbortController();
  const tool: Tool = {
    ...videoPlayerTracking,
    run: (work) =>
      videoPlayerTracking.run({
        ...work,
        onProgress: (frame, total) => {
          work.onProgress(frame, total);
          options.onProgress?.(frame, total);
          if (frame >= stopAt) leaving.abort(new Fault('cancelled', 'Cancelled'));
        },
      }),
  };
  try {
    const done = await runJob({
      start: {
        ...{ type: 'start', jobId: 'job', inputPath: video, artifactDir: directory, ...workOf(tool.id) },
        detection: { ...everything(), classes: options.classes ? [...options.classes] : null },
        ...{ stallMs: 10_000, mayJump: true },
      },
      ...{
        tools: [tool],
        model,
        player,
        platform: platforms.software,
        hold: new Hold(),
        looked: () => false,
        signal: leaving.signal,
      },
      send: () => undefined,
      log: pino({ level: 'silent' }),
    });
    return done.summary;
  } finally {
    player.close();
  }
}

export function linesIn(directory: string): Promise<string> {
  return readFile(join(directory, jobFiles.frames), 'utf8');
}
