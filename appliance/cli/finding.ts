// What one check of the doctor found.
export interface Finding {
  readonly subject: string;
  /** `doubtful`: works, but somebody should know. */
  readonly verdict: 'good' | 'doubtful' | 'bad';
  readonly found: string;
  readonly remedy?: string;
}
