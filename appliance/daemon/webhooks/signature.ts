// Signs what webhooks are told, by the Standard Webhooks specification (standardwebhooks.com, "symmetric": HMAC-SHA256).
import { createHmac } from 'node:crypto';

/** A secret as that specification writes it: base64 behind this prefix. Any other text is taken as it stands. */
const prefix = 'whsec_';

export interface Signed {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** Headers by which the receiver knows who sent it, when, and that nothing was changed. */
export function signatureHeaders(secret: string, { id, timestamp, body }: Signed): Record<string, string> {
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}
