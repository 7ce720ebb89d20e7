// How a URL is shown.

/** Neither a login nor the query, which may be a signature. */
export function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
