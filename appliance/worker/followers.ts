// The followers of one job: those of its stages, opened, fed and finished together.
import type { ResultFrame } from '../contract/frame.ts';
import { noProducts, type Products } from '../contract/products.ts';
import { openAnnotator } from './annotate/annotator.ts';
import { openClipper } from './clips/clipping.ts';
import type { Followed, FollowedStage, Follower, OpenFollower, Scene } from './follower.ts';
import type { DecodingOptions } from './ingest/decoding.ts';
import type { Frame } from './ingest/frames.ts';

/** What is made in which stage. */
const makers: Readonly<Record<FollowedStage, OpenFollower>> = { annotating: openAnnotator, clipping: openClipper };

export interface FinishOptions {
  readonly onStage: (stage: FollowedStage) => void;
  readonly onShare: (stage: FollowedStage, share: number) => void;
}

export class Followers {
  static readonly nobody = new Followers([]);
  readonly #followers: readonly (readonly [FollowedStage, Follower])[];

  private constructor(followers: readonly (readonly [FollowedStage, Follower])[]) {
    this.#followers = followers;
  }

  /** Those of the job's stages, in their order. */
  static async open(scene: Scene): Promise<Followers> {
    const opened: (readonly [FollowedStage, Follower])[] = [];
    try {
      for (const { stage } of scene.start.stages) {
        if (isFollowed(stage)) opened.push([stage, await makers[stage](scene)]);
      }
    } catch (error) {
      await new Followers(opened).close();
      throw error;
    }
    return new Followers(opened);
  }

  get none(): boolean {
    return this.#followers.length === 0;
  }

  /** What they want of the decoding. */
  get decoding(): Partial<DecodingOptions> {
    return this.#followers.reduce((all, [, { decoding }]) => ({ ...all, ...decoding }), {});
  }

  async take(frame: Frame | null, line: ResultFrame): Promise<void> {
    for (const [, follower] of this.#followers) await follower.take(frame, line);
  }

  /** One after the other. */
  async finish({ onStage, onShare }: FinishOptions): Promise<{ products?: Products; warnings: readonly string[] }> {
    const made: Followed[] = [];
    for (const [stage, follower] of this.#followers) {
      onStage(stage);
      made.push(await follower.finish((share) => onShare(stage, share)));
    }
    const products = made.reduce<Products>((all, one) => ({ ...all, ...one.products }), noProducts);
    return { products, warnings: made.flatMap(({ warnings }) => warnings) };
  }

  async close(): Promise<void> {
    for (const [, follower] of this.#followers) await follower.close();
  }
}

function isFollowed(stage: string): stage is FollowedStage {
  return stage in makers;
}
