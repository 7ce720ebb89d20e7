// Idempotency-Key: what a client calls its submit, so that it can send it again without making a second job.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import type { RawRequest } from './route.ts';

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .meta({ description: 'The same key with the same plugin, tool, options and video gives the same job' });

/** Undefined where the header is absent. Throws Fault `malformed-request`. */
export function idempotencyKey({ header, hasHeader }: Pick<RawRequest, 'header' | 'hasHeader'>): string | undefined {
  if (!hasHeader('idempotency-key')) return undefined;
  const key = header('idempotency-key');
  if (IdempotencyKey.safeParse(key).success) return key;
  // The text of a header that is no UTF-8 comes as an empty one.
  const found = key.length > 255 ? `it has ${key.length}` : key === '' ? 'it has none' : 'it has others';
  throw new Fault('malformed-request', `Idempotency-Key must be 1 to 255 visible ASCII characters: ${found}`);
}
