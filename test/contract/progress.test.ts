// Progress as a rule: whatever a job is told, in whatever order, its bar keeps to these.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { Plan, plainPlan, withoutStage, withStage, type WorkStage } from '../../appliance/contract/plan.ts';
import {
  normalised,
  ProgressTracker,
  type Stage,
  stages,
  type StageWeight,
} from '../../appliance/contract/progress.ts';
import { bookSchema } from '../../appliance/daemon/pipelines/book.ts';
import { planOf } from '../../appliance/daemon/pipelines/plans.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { join } from 'node:path';

const workStages = stages.filter((one): one is WorkStage => one !== 'queued' && one !== 'completed');

/** Some of the stages, in their order, of which one weighs something. */
const weights: fc.Arbitrary<StageWeight[]> = fc
  .subarray(workStages, { minLength: 1 })
  .chain((some) =>
    fc.tuple(
      ...some.map((stage) => fc.double({ min: 0, max: 1000, noNaN: true }).map((weight) => ({ stage, weight }))),
    ),
  )
  .filter((all) => all.some(({ weight }) => weight > 0.001));

type Told =
  | { readonly kind: 'start'; readonly stage: Stage }
  | { readonly kind: 'incremental'; readonly stage: Stage; readonly share: number }
  | { readonly kind: 'explicit'; readonly progress: number };

function tellings(of: readonly StageWeight[]): fc.Arbitrary<Told[]> {
  const stage = fc.constantFrom(...of.map((one) => one.stage));
  return fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('start' as const), stage }),
      fc.record({
        kind: fc.constant('incremental' as const),
        stage,
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('explicit' as const), progress: fc.integer({ min: 0, max: 100 }) }),
    ),
    { maxLength: 40 },
  );
}

const work = weights.chain((of) => fc.tuple(fc.constant(of), tellings(of), fc.integer({ min: 0, max: 100 })));

function tell(tracker: ProgressTracker, told: Told): number {
  if (told.kind === 'start') return tracker.start(told.stage);
  if (told.kind === 'incremental') return tracker.incremental(told.stage, told.share);
  return tracker.explicit(told.progress);
}

/** Where each stage begins and ends, in percent. */
function bounds(of: readonly StageWeight[]): Map<Stage, { readonly floor: number; readonly ceiling: number }> {
  let floor = 0;
  return new Map(
    normalised(of).map(({ stage, weight }) => {
      const place = { floor, ceiling: floor + weight };
      floor += weight;
      return [stage, place];
    }),
  );
}

describe('whatever a running job is told', () => {
  it('its progress is an integer between 0 and 99 that never falls', () => {
    fc.assert(
      fc.property(work, ([of, all, from]) => {
        const tracker = new ProgressTracker(of, from);
        let before = tracker.progress;
        expect(before).toBe(from);
        for (const told of all) {
          const now = tell(tracker, told);
          expect(Number.isInteger(now) && now >= before && now <= Math.max(99, from)).toBe(true);
          expect(tracker.progress).toBe(now);
          before = now;
        }
      }),
    );
  });

  it('it ends at the same percentage in whichever order it was told', () => {
    const shuffled = work.chain(([of, all, from]) =>
      fc.tuple(fc.constant({ of, all, from }), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([{ of, all, from }, other]) => {
        const [one, two] = [new ProgressTracker(of, from), new ProgressTracker(of, from)];
        for (const told of all) tell(one, told);
        for (const told of other) tell(two, told);
        expect(two.progress).toBe(one.progress);
      }),
    );
  });

  it('the start of a stage jumps to its floor, and no share of it leaves its bounds', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(weights, share, (of, part) => {
        for (const [stage, { floor, ceiling }] of bounds(of)) {
          const tracker = new ProgressTracker(of);
          expect(tracker.start(stage)).toBe(Math.min(Math.floor(floor + 1e-9), 99));
          const inside = tracker.incremental(stage, part);
          expect(inside).toBeGreaterThanOrEqual(Math.min(Math.floor(floor), 99));
          expect(inside).toBeLessThanOrEqual(ceiling + 1e-6);
        }
      }),
    );
  });
});

describe('the end of a job', () => {
  it('is 100 exactly when it is completed, and nothing moves it afterwards', () => {
    const ends = fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const);
    fc.assert(
      fc.property(work, ends, ends, ([of, all], first, second) => {
        const tracker = new ProgressTracker(of);
        for (const told of all) tell(tracker, told);
        const before = tracker.progress;
        const ended = tracker.end(first);
        expect(ended).toBe(first === 'completed' ? 100 : before);
        tracker.end(second);
        for (const told of all) tell(tracker, told);
        expect(tracker.progress).toBe(ended);
      }),
    );
  });
});

describe('weights', () => {
  it('sum to 100 and keep their proportions when they are normalised', () => {
    fc.assert(
      fc.property(weights, (of) => {
        const fit = normalised(of);
        const sum = of.reduce((total, { weight }) => total + weight, 0);
        expect(fit.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(100, 6);
        for (const [at, { weight }] of of.entries()) expect(fit[at]?.weight).toBeCloseTo((weight / sum) * 100, 6);
      }),
    );
  });

  it('still sum to 100, in the order of the stages, when a stage comes to a plan or leaves it', () => {
    fc.assert(
      fc.property(weights, fc.constantFrom(...workStages), (of, stage) => {
        const plan = { ...plainPlan, stages: normalised(of) };
        const more = withStage(plan, stage);
        expect(more.stages.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(100, 6);
        const order = more.stages.map((one) => stages.indexOf(one.stage));
        expect(order).toEqual([...order].sort((a, b) => a - b));
        const others = more.stages.filter((one) => one.stage !== stage);
        fc.pre(others.some(({ weight }) => weight > 0.001));
        const less = withoutStage(more, stage);
        expect(less.stages.map((one) => one.stage)).toEqual(others.map((one) => one.stage));
        expect(less.stages.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(100, 6);
      }),
    );
  });
});

describe('names', () => {
  it('survive the way from pipelines.yaml to a plan, to JSON, to a row and back', () => {
    const database = openDatabase(join(tempData(), 'names.db'), migrations);
    const store = new JobStore(database);
    const names = { download: 'downloading', annotate: 'annotating', clip: 'clipping', deliver: 'delivering' } as const;
    const keys = fc.subarray(Object.keys(names) as (keyof typeof names)[]);
    const name = fc.stringMatching(/^[a-z][\w.-]{0,30}$/);
    try {
      fc.assert(
        fc.property(name, keys, fc.integer({ min: 1, max: 100 }), (pipeline, asked, weight) => {
          const shapes = {
            download: {},
            annotate: {},
            clip: { rules: [{ class: 'Ball "é"' }] },
            deliver: { to: ['there'] },
          };
          const written = Object.fromEntries(asked.map((key) => [key, { weight, ...shapes[key] }]));
          const file = {
            pipelines: { [pipeline]: { stages: written } },
            targets: { there: { kind: 'folder', path: '/srv' } },
          };
          const book = bookSchema(() => undefined).parse(parse(stringify(file)));
          const one = book.pipelines[pipeline];
          if (!one) throw new Error(`${pipeline} is gone`);
          const plan = planOf(pipeline, one);
          const expected = ['probing', 'analyzing', 'packaging', ...asked.map((key) => names[key])];
          expect(new Set(plan.stages.map(({ stage }) => stage))).toEqual(new Set(expected));
          expect(Plan.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
          const job = makeJob({ plan, options: { ...noJobOptions, pipeline } });
          store.insert(job);
          expect(store.get(job.id)).toMatchObject({ plan, options: { pipeline } });
        }),
        { numRuns: 40 },
      );
    } finally {
      database.close();
    }
  });
});

describe('anything else', () => {
  const tracker = () => new ProgressTracker(plainPlan.stages);
  /** As untyped callers say it. */
  const explicit = (value: unknown) => () => tracker().explicit(value as number);
  const share = (value: unknown) => () => tracker().incremental('analyzing', value as number);

  it('is refused with what was wrong, and leaves the bar where it was', () => {
    expect(explicit('50')).toThrow('progress: "50" is not a whole number between 0 and 100');
    expect(explicit(NaN)).toThrow('progress: NaN is not a whole number');
    expect(explicit(12.5)).toThrow('progress: 12.5 is not a whole number');
    expect(explicit(-1)).toThrow('progress: -1 is not a whole number');
    expect(explicit(101)).toThrow('progress: 101 is not a whole number');
    expect(explicit(null)).toThrow('progress: null is not a whole number');
    expect(share('0.5')).toThrow('share of analyzing: "0.5" is not a number between 0 and 1');
    expect(share(NaN)).toThrow('share of analyzing: NaN is not');
    expect(share(-0.1)).toThrow('share of analyzing: -0.1 is not');
    expect(share(1.1)).toThrow('share of analyzing: 1.1 is not');
    expect(() => tracker().start('dancing' as Stage)).toThrow(
      'this job has no stage "dancing": probing, analyzing, packaging',
    );
    expect(() => tracker().start('clipping')).toThrow('this job has no stage "clipping"');
    expect(() => new ProgressTracker([{ stage: 'probing', weight: -1 }])).toThrow('weight of probing: -1 is not');
    expect(() => new ProgressTracker([{ stage: 'probing', weight: 0 }])).toThrow('one stage at least must weigh more');
    expect(() => new ProgressTracker([])).toThrow('one stage at least must weigh more');
    expect(() => new ProgressTracker(plainPlan.stages, 0.5)).toThrow('progress: 0.5 is not a whole number');
    fc.assert(
      fc.property(
        fc.anything().filter((value) => !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100)),
        (value) => {
          const one = tracker();
          one.explicit(7);
          expect(() => one.explicit(value as number)).toThrow(RangeError);
          expect(one.progress).toBe(7);
        },
      ),
    );
  });
});
