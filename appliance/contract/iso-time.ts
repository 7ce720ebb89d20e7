// How times are told.

/** ISO 8601 in UTC with Z, from ms since 1970. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
