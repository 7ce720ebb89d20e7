// A still picture as a source of one frame: on the way of a video's frames, so that its boxes are the same.
import { Fault } from '../../contract/fault.ts';
import type { DecodingOptions } from './decoding.ts';
import { turns } from './exif.ts';
import { FrameSource, type Frame } from './frames.ts';
import { refuseHuge } from './header.ts';
import { refuseEmpty, type ProbedSource } from './probe.ts';
import { readStillHeader } from './still-header.ts';

/**
 * Reads the header alone: nothing is decoded, and no memory is taken for what it claims. Throws Fault source-empty or
 * source-undecodable.
 */
export async function probeStill(path: string): Promise<ProbedSource> {
  await refuseEmpty(path);
  const { kind, width, height, orientation } = await readStillHeader(path);
  refuseHuge({ width, height }, 'picture');
  const { rotation } = turns[orientation];
  const sideways = rotation === 90 || rotation === 270;
  const size = sideways ? { width: height, height: width } : { width, height };
  return {
    info: { container: kind, codec: kind, ...size, rotation, fps: 0, duration_s: 0, frames: 1 },
    pixelAspect: 1,
  };
}

/**
 * Iterate it once. Of an animation or a file of several pictures it is the first. Throws Fault source-undecodable,
 * source-stalled or cancelled.
 */
export class StillSource implements AsyncIterable<Frame> {
  readonly brokenBy = null;
  readonly endS = 0;
  readonly #options: DecodingOptions;
  #framesRead = 0;

  constructor(options: DecodingOptions) {
    this.#options = options;
  }

  get framesRead(): number {
    return this.#framesRead;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of await this.#decoded()) {
      if (this.#framesRead > 0) continue;
      this.#framesRead = 1;
      // One frame is not worth finding again.
      yield { ...frame, ptsS: 0, durationS: null, place: () => null };
    }
  }

  async #decoded(): Promise<AsyncIterable<Frame>> {
    const { kind, orientation } = await readStillHeader(this.#options.path);
    const { platform } = this.#options;
    const { direction } = turns[orientation];
    const frames = (width: number, height: number) => platform.still({ kind, direction, width, height });
    return inWordsOfPictures(new FrameSource({ ...this.#options, platform: { ...platform, frames } }));
  }
}

/** Whatever was wrong with the stream, a person sent a picture. */
async function* inWordsOfPictures(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  try {
    yield* frames;
  } catch (cause) {
    const isOfVideo =
      cause instanceof Fault && (cause.code === 'source-without-frames' || cause.code === 'source-undecodable');
    if (!isOfVideo) throw cause;
    throw new Fault('source-undecodable', 'The picture is cut off or damaged; it cannot be decoded.', { cause });
  }
}
