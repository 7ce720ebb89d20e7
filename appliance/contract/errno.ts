// What the operating system said no with.

/** Such as `ENOENT`; empty for an error that is not of the operating system's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
