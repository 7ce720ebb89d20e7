// From what was seen, line by line, to the moments that become clips. Pure.
import { objectsIn } from '../../contract/found.ts';
import type { ResultFrame } from '../../contract/frame.ts';
import type { ClipRule } from '../../contract/plan.ts';

/** Times in seconds from the start of the video. */
export interface Moment {
  readonly class: string;
  /** First and last frame in which it was seen. */
  readonly seenFromS: number;
  readonly seenToS: number;
  /** The same with the rolls, inside of the video. */
  readonly fromS: number;
  readonly toS: number;
  /** The highest confidence in it, 0..1, and when that was. */
  readonly best: number;
  readonly bestAtS: number;
}

export interface Moments {
  /** In the order of their beginnings; those of one rule never overlap. */
  readonly kept: readonly Moment[];
  /** Less sure ones that are more than may be kept. */
  readonly leftOut: number;
}

/** Holds at most `most` moments and one more a rule, however long the video is. */
export class MomentFinder {
  readonly #trails: readonly Trail[];
  readonly #kept: Moment[] = [];
  readonly #most: number;
  #leftOut = 0;

  constructor(rules: readonly ClipRule[], most: number) {
    this.#most = most;
    this.#trails = rules.map((rule) => new Trail(rule, (moment) => this.#keep(moment)));
  }

  /** Lines in the order of their times. */
  take(line: ResultFrame): void {
    const objects = objectsIn(line);
    for (const trail of this.#trails) {
      const { class: name, min_confidence: least } = trail.rule;
      let best = -1;
      for (const { className, confidence } of objects) {
        if (className === name && confidence >= least) best = Math.max(best, confidence);
      }
      if (best >= 0) trail.see(line.pts_s, best);
    }
  }

  /** `endS`: where the video ends. */
  end(endS: number): Moments {
    for (const trail of this.#trails) trail.end();
    const kept = this.#kept.map((moment) => ({ ...moment, toS: Math.max(moment.seenToS, Math.min(moment.toS, endS)) }));
    return { kept: kept.sort((a, b) => a.fromS - b.fromS || a.toS - b.toS), leftOut: this.#leftOut };
  }

  #keep(moment: Moment): void {
    this.#kept.push(moment);
    if (this.#kept.length <= this.#most) return;
    const least = this.#kept.reduce((worst, { best }, at) => (best < (this.#kept[worst]?.best ?? 0) ? at : worst), 0);
    this.#kept.splice(least, 1);
    this.#leftOut += 1;
  }
}

/** What one rule has seen. */
class Trail {
  readonly rule: ClipRule;
  readonly #onMoment: (moment: Moment) => void;
  /** Something that is still seen, or was a little while ago. */
  #seen: Pick<Moment, 'seenFromS' | 'seenToS' | 'best' | 'bestAtS'> | null = null;
  /** Long enough; the next one may grow together with it. */
  #moment: Moment | null = null;

  constructor(rule: ClipRule, onMoment: (moment: Moment) => void) {
    this.rule = rule;
    this.#onMoment = onMoment;
  }

  see(atS: number, confidence: number): void {
    const seen = this.#seen;
    if (!seen || atS - seen.seenToS > this.rule.max_gap_s) {
      this.#settle();
      this.#seen = { seenFromS: atS, seenToS: atS, best: confidence, bestAtS: atS };
    } else {
      this.#seen = surer({ ...seen, seenToS: atS }, { best: confidence, bestAtS: atS });
    }
  }

  end(): void {
    this.#settle();
    if (this.#moment) this.#onMoment(this.#moment);
    this.#moment = null;
  }

  #settle(): void {
    const seen = this.#seen;
    this.#seen = null;
    const { min_duration_s: least, pre_roll_s: before, post_roll_s: behind, class: name } = this.rule;
    if (!seen || seen.seenToS - seen.seenFromS < least) return;
    const fromS = Math.max(0, seen.seenFromS - before);
    const moment = { class: name, ...seen, fromS, toS: seen.seenToS + behind };
    if (!this.#moment) {
      this.#moment = moment;
    } else if (fromS <= this.#moment.toS) {
      this.#moment = surer({ ...this.#moment, seenToS: moment.seenToS, toS: moment.toS }, moment);
    } else {
      this.#onMoment(this.#moment);
      this.#moment = moment;
    }
  }
}

function surer<T extends Pick<Moment, 'best' | 'bestAtS'>>(one: T, other: Pick<Moment, 'best' | 'bestAtS'>): T {
  return other.best > one.best ? { ...one, best: other.best, bestAtS: other.bestAtS } : one;
}
