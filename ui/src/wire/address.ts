// What the address of the page may bring along.

/** The key of a hash such as `#key=abc`; null where there is none. */
export function keyOf(hash: string): string | null {
  const key = new URLSearchParams(hash.replace(/^#/, '')).get('key');
  return key === '' ? null : key;
}
