// When there is too little room, and when there is enough again. Pure.

/** Bytes: free on the disk, and held by each class. */
export interface Numbers {
  readonly free: number;
  readonly uploads: number;
  readonly artifacts: number;
  readonly backups: number;
}

/** Bytes. Null: no bound. */
export interface Limits {
  /** Stays free. */
  readonly reserve: number;
  readonly uploads: number | null;
  readonly artifacts: number | null;
}

/** Gravest first. */
const kinds = ['reserve', 'artifacts', 'uploads'] as const;
export type Shortage = (typeof kinds)[number];

const mostSlack = 64 * 1024 * 1024;

/** What is short now, gravest first; `before`: what was. */
export function shortages(now: Numbers, limits: Limits, before: readonly Shortage[]): Shortage[] {
  const { reserve, ...quotas } = inForce(limits, before);
  return kinds.filter((kind) => {
    if (kind === 'reserve') return now.free < reserve;
    const quota = quotas[kind];
    return quota !== null && now[kind] > quota;
  });
}

/** A shortage ends only a little beyond where it began, so that jobs are not held and let go by turns. */
export function inForce(limits: Limits, short: readonly Shortage[]): Limits {
  const slack = (kind: Shortage, limit: number) => (short.includes(kind) ? Math.min(mostSlack, limit * 0.05) : 0);
  const quota = (kind: 'uploads' | 'artifacts') => {
    const limit = limits[kind];
    return limit === null ? null : limit - slack(kind, limit);
  };
  return {
    reserve: limits.reserve + slack('reserve', limits.reserve),
    uploads: quota('uploads'),
    artifacts: quota('artifacts'),
  };
}

const stepBytes = 1_000_000;

/** True when somebody who looks at these numbers would see that they moved: by one per cent and one megabyte. */
export function hasMoved(from: Numbers, to: Numbers): boolean {
  const moved = (a: number, b: number) => Math.abs(a - b) > Math.max(stepBytes, Math.max(a, b) / 100);
  return (
    moved(from.free, to.free) ||
    moved(from.uploads, to.uploads) ||
    moved(from.artifacts, to.artifacts) ||
    moved(from.backups, to.backups)
  );
}
