// The operator's PIN over REST: set, changed, taken away, and tried.
import { z } from 'zod';
import { Pin } from '../../contract/settings-api.ts';
import { type Answer, text } from './answer.ts';
import { readJson } from './json-body.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';
import { stored } from './storage-fault.ts';

interface PinDesk {
  /** Throws Fault 'pin-required', or Busy after too many that were wrong. */
  unlock(pin: string | undefined): Promise<void>;
  /** Null: none is asked for any more. `current` as in `unlock`, where one is set. */
  change(pin: string | null, current: string | undefined): Promise<void>;
}

/** Of any length, so that a wrong one is told to be wrong. */
const Tried = z.string().max(64);
const PinChange = z.strictObject({ pin: Pin.nullable(), current: Tried.optional() });
const PinTrial = z.strictObject({ pin: Tried });

const answers = {
  403: { description: 'This is not the PIN', schema: Detail },
  429: { description: 'Too many wrong ones; see Retry-After', schema: Detail },
};

export function operatorRoutes({ operator }: { readonly operator: PinDesk }): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/v1/operator/pin',
      summary:
        "Set, change or, with null, remove the operator's PIN; where one is set, `current` is it, or X-Operator-Pin",
      body: { type: 'application/json', schema: PinChange },
      answers: {
        204: { description: 'It holds from now on' },
        ...answers,
        503: { description: 'It cannot be stored', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async ({ body, header }) => {
        const { pin, current = header('x-operator-pin') } = await readJson(body, PinChange);
        await stored(operator.change(pin, current));
        return nothing;
      },
    }),
    route({
      method: 'POST',
      path: '/v1/operator/unlock',
      summary: 'Whether this is the PIN; anything is where none is set',
      body: { type: 'application/json', schema: PinTrial },
      answers: { 204: { description: 'It is' }, ...answers },
      handle: async ({ body }) => {
        await operator.unlock((await readJson(body, PinTrial)).pin);
        return nothing;
      },
    }),
  ];
}

const nothing: Answer = text('', 'text/plain', { status: 204 });
