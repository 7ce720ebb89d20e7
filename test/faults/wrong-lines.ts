// Compares two artifacts line by line.

/** Lines of `found` that are missing, doubled or changed. */
export function wrongLines(found: Buffer, expected: Buffer): number {
  if (found.equals(expected)) return 0;
  const [a, b] = [found, expected].map((bytes) => bytes.toString().split('\n'));
  const longest = Math.max(a?.length ?? 0, b?.length ?? 0);
  return Array.from({ length: longest }, (_, at) => at).filter((at) => a?.[at] !== b?.[at]).length;
}
