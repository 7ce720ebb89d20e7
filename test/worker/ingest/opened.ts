// The ingest parts as the worker puts them together, for one test after another.
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { FrameSource, type Frame } from '../../../appliance/worker/ingest/frames.ts';
import { platforms } from '../../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';
import { probe, type ProbedSource } from '../../../appliance/worker/ingest/probe.ts';
import { StillSource } from '../../../appliance/worker/ingest/still.ts';

export class Ingest {
  readonly #player = new Player(loadGStreamer());
  readonly #cancelling = new AbortController();

  get signal(): AbortSignal {
    return this.#cancelling.signal;
  }

  probe(path: string, stallMs = 10_000): Promise<ProbedSource> {
    return probe({ path, stallMs, player: this.#player, platform: platforms.software, signal: this.signal });
  }

  frames(path: string, { width = 64, height = 48, stallMs = 10_000 } = {}): FrameSource {
    const { signal } = this;
    return new FrameSource({
      path,
      width,
      height,
      stallMs,
      player: this.#player,
      platform: platforms.software,
      signal,
    });
  }

  still(path: string, size: { readonly width: number; readonly height: number }): StillSource {
    const { signal } = this;
    return new StillSource({
      path,
      ...size,
      stallMs: 10_000,
      player: this.#player,
      platform: platforms.software,
      signal,
    });
  }

  cancel(reason: Error): void {
    this.#cancelling.abort(reason);
  }

  close(): void {
    this.#player.close();
  }
}

/** Everything about the frames but their pixels. */
export async function times(frames: AsyncIterable<Frame>): Promise<number[]> {
  const seen: number[] = [];
  for await (const frame of frames) seen.push(frame.ptsS);
  return seen;
}
