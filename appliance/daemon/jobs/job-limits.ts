// How many jobs there may be, and how long one may take.
export interface JobLimits {
  /** Jobs that run at the same time. */
  readonly running: number;
  /** Jobs that may wait. */
  readonly queue: number;
  /** A worker that brings nothing new for so long is ended. */
  readonly hangMs: number;
  /** The same of its pipeline, which it watches itself. */
  readonly stallMs: number;
  /** A job that takes longer in all is ended. */
  readonly longestMs: number;
}
