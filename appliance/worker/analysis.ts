// A job's frames through its tools: what they say of each is written down, shown and handed to the followers.
import type { SourceInfo } from '../contract/frame.ts';
import type { FromWorker } from '../contract/ipc.ts';
import type { Ahead } from './ahead.ts';
import type { FollowedStage } from './follower.ts';
import type { Followers } from './followers.ts';
import type { Hold } from './hold.ts';
import type { FrameSource } from './ingest/frames.ts';
import type { StillSource } from './ingest/still.ts';
import type { Notebook } from './notebook.ts';
import { Pace } from './pace.ts';
import type { Pictures } from './pictures.ts';
import { shortfall } from './shortfall.ts';
import { runTools } from './tools/run-tools.ts';
import type { Tool, ToolWork } from './tools/tool.ts';

type Done = Extract<FromWorker, { type: 'done' }>;
type Made = Awaited<ReturnType<Followers['finish']>>;

export interface AnalysisOptions {
  readonly tools: readonly [Tool, ...Tool[]];
  readonly source: SourceInfo;
  readonly frames: FrameSource | StillSource;
  readonly ahead: Ahead;
  readonly detect: ToolWork['detect'];
  readonly confidence: number;
  /** Closed at the end. */
  readonly notebook: Notebook;
  /** Closed at the end. */
  readonly pictures: Pictures;
  readonly followers: Followers;
  readonly send: (message: FromWorker) => void;
  readonly hold: Hold;
  readonly signal: AbortSignal;
}

/** As often as a client may hear of a job: what is reported in between would be old when it is told. */
const progressIntervalMs = 105;

/** Returns when all is on the disk. After a throw what was found before is there, and the job can be taken up behind it. */
export async function analyze(options: AnalysisOptions): Promise<Done> {
  const { notebook, pictures } = options;
  try {
    await throughTools(options);
    // Now: a worker that takes the job up behind the last frame sees none to make one of.
    const poster = await pictures.close();
    const made = await withFollowers(options);
    return await pack(options, made, poster);
  } catch (error) {
    // Side by side: a worker that is cancelled has a moment for both. The error says more than the notebook's would.
    await Promise.all([notebook.save().catch(() => undefined), pictures.close()]);
    throw error;
  } finally {
    await notebook.close();
  }
}

async function throughTools(options: AnalysisOptions): Promise<void> {
  const { tools, source, ahead, detect, confidence, notebook, pictures, followers, send, hold, signal } = options;
  const progress = new Pace<Extract<FromWorker, { type: 'progress' }>>(send, progressIntervalMs);
  const onProgress = (currentFrame: number, totalFrames: number | null) => {
    notebook.reached('analyzing', currentFrame, totalFrames);
    progress.report({ type: 'progress', currentFrame, totalFrames, ts: Date.now() });
  };
  try {
    notebook.reached('analyzing', notebook.frames, source.frames); // marked before it is told
    send({ type: 'stage', stage: 'analyzing', ts: Date.now() });
    if (notebook.frames > 0) onProgress(notebook.frames, source.frames);
    const lines = runTools(tools, {
      ...{ frames: ahead, from: notebook.frames, totalFrames: source.frames, detect, confidence, onProgress, signal },
      memoryOf: (tool) => notebook.memoryOf(tool),
      remember: (tool, recollection) => notebook.remember(tool, recollection),
    });
    for await (const line of lines) {
      await notebook.add(line);
      const frame = ahead.current?.index === line.frame_index ? ahead.current : null;
      await followers.take(frame, line);
      if (frame) pictures.take(frame, line, notebook);
      await hold.passage(signal);
    }
  } finally {
    progress.close();
  }
}

async function withFollowers({ followers, notebook, send }: AnalysisOptions): Promise<Made> {
  if (followers.none) return { warnings: [] };
  await notebook.save(); // they read its lines, and what they lose is not analysed again
  const shares = new Pace<Extract<FromWorker, { type: 'share' }>>(send, progressIntervalMs);
  const onShare = (stage: FollowedStage, share: number) => {
    notebook.reachedShare(stage, share);
    shares.report({ type: 'share', stage, share, ts: Date.now() });
  };
  const onStage = (stage: FollowedStage) => {
    shares.close();
    notebook.reachedShare(stage, 0);
    send({ type: 'stage', stage, ts: Date.now() });
  };
  try {
    return await followers.finish({ onStage, onShare });
  } finally {
    shares.close();
  }
}

async function pack(options: AnalysisOptions, made: Made, poster: boolean): Promise<Done> {
  const { source, frames, notebook, send } = options;
  notebook.reached('packaging', 0, null);
  send({ type: 'stage', stage: 'packaging', ts: Date.now() });
  const { endS, framesRead, brokenBy } = frames;
  const written = await notebook.finish(endS);
  const missing = shortfall(source, { frames: framesRead, endS, brokenBy: brokenBy?.message ?? null });
  return { type: 'done', ...written, ...made, warnings: [...missing, ...made.warnings], poster };
}
