// Sends a model's file: only the operator may, so the PIN goes along where one is asked for.
import type { Access } from '../state/access.svelte.ts';
import type { Operator } from '../state/operator.svelte.ts';
import type { Carrier } from '../state/upload.ts';
import { understand } from './answers.ts';
import { sendFileTo } from './send-file.ts';

export function sendModelTo(origin: string, access: Access, operator: Operator): Carrier {
  const carry = sendFileTo(origin, { headers: () => ({ ...access.headers(), ...operator.headers() }) });
  return (file, errand) => {
    const transfer = carry(file, errand);
    return {
      repeatable: transfer.repeatable,
      forget: () => transfer.forget(),
      send: async (onSent, signal) => {
        for (;;) {
          const delivery = await transfer.send(onSent, signal);
          if (understand(delivery).code !== 'pin-required' || !(await operator.ask())) return delivery;
        }
      },
    };
  };
}
