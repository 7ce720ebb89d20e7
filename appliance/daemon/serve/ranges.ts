// The Range header of one request against a file of known size (RFC 9110 §14).

export interface Span {
  /** First byte. */
  readonly start: number;
  readonly length: number;
}

/**
 * The span asked for; `whole` where the header asks for nothing that a single part can answer (RFC 9110 allows to
 * ignore it); `unsatisfiable` where no byte of it exists.
 */
export function readRange(header: string, size: number): Span | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, length };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Number(last);
  if (end < start && last !== '') return 'whole';
  if (start >= size) return 'unsatisfiable';
  return { start, length: Math.min(end, size - 1) - start + 1 };
}
