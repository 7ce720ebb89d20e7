// Which requests need the operator's PIN: those of pages, for what is the operator's. Programs are let in by their key alone.
import type { RawRequest, Route } from './route.ts';

export interface PinLock {
  /** True where a PIN is set. */
  readonly locked: boolean;
  /** Throws Fault 'pin-required', or Busy after too many that were wrong. */
  unlock(pin: string | undefined): Promise<void>;
}

/** Undefined where the request needs none; else settles when it was right, or rejects with the Fault. */
export function pinAskedOf(
  { operator }: Pick<Route, 'operator'>,
  { header, params }: Pick<RawRequest, 'header' | 'params'>,
  lock: PinLock,
): Promise<void> | undefined {
  if (operator === undefined || !lock.locked) return undefined;
  // Only browsers send these, and no page can leave both out of a request that changes something (Fetch, §3.2).
  const fromPage = header('origin') !== '' || header('sec-fetch-site') !== '';
  if (!fromPage || (operator !== true && !operator(params))) return undefined;
  return lock.unlock(header('x-operator-pin'));
}
