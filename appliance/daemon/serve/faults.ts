// One place maps what went wrong to an HTTP answer: faults by a total table, requests that do not fit their schema to 422.
import { Fault, type FaultCode } from '../../contract/fault.ts';
import { type Answer, json } from './answer.ts';
import { Busy } from './busy.ts';
import { Unprocessable } from './mistakes.ts';
import { UnknownModel } from './unknown-model.ts';

export const faultStatus = {
  'plugin-not-found': 400,
  'tool-not-found': 400,
  'tool-input-mismatch': 400,
  'invalid-video': 400,
  'invalid-image': 400,
  'malformed-request': 400,
  'job-not-found': 404,
  'job-not-completed': 404,
  'video-not-found': 404,
  'picture-not-found': 404,
  'clip-not-found': 404,
  'pipeline-not-found': 400,
  'source-url-refused': 400,
  'command-malformed': 400,
  'outside-job': 409,
  'webhook-message-not-found': 404,
  'upload-too-large': 413,
  'disk-full': 507,
  'queue-full': 429,
  'job-not-retryable': 409,
  'job-not-pending': 409,
  'import-not-found': 404,
  'setting-refused': 400,
  'pin-required': 403,
  busy: 429,
  'model-not-found': 404,
  'model-taken': 409,
  'model-in-use': 409,
  'model-refused': 400,
  'idempotency-conflict': 409,
  'not-allowed': 403,
  'key-required': 401,
  'source-empty': 400,
  'source-undecodable': 400,
  'source-without-video': 400,
  'source-without-frames': 400,
  'source-stalled': 500,
  'source-changed': 500,
  'decoder-crashed': 500,
  'download-failed': 502,
  'tool-failed': 500,
  'annotation-failed': 500,
  'clip-failed': 500,
  'delivery-failed': 502,
  'outside-silent': 500,
  'outside-failed': 500,
  'artifact-failed': 500,
  'worker-died': 500,
  'worker-hung': 500,
  'worker-lied': 500,
  'worker-over-memory': 500,
  'worker-over-time': 500,
  cancelled: 409,
  'config-invalid': 500,
  'port-taken': 500,
  'data-not-writable': 503,
  'database-unusable': 503,
  'model-missing': 503,
  'model-invalid': 503,
  'provider-unavailable': 503,
  'gstreamer-incomplete': 503,
  'plugin-broken': 503,
} as const satisfies Record<FaultCode, number>;

/** Headers that RFC 9110 §11.6.1 and §10.2.3 ask for beside the status. `Retry-After` is in seconds. */
const faultHeaders: Partial<Record<FaultCode, Readonly<Record<string, string>>>> = {
  'key-required': { 'WWW-Authenticate': 'Bearer realm="vedette"' },
  'queue-full': { 'Retry-After': '10' },
};

/** The answer to an expected failure; undefined for a bug, of which nothing may leave the house. */
export function answerTo(error: unknown): Answer | undefined {
  if (error instanceof Unprocessable) return json({ detail: error.detail }, { status: 422 });
  if (!(error instanceof Fault)) return undefined;
  // The contract's body has room for the words alone; the kiosk says them in its visitor's language by the code.
  const after = error instanceof Busy ? { 'Retry-After': String(error.retryAfterS) } : {};
  const headers = { ...faultHeaders[error.code], ...after, 'Vedette-Fault': error.code };
  const status = error instanceof UnknownModel ? 400 : faultStatus[error.code];
  return json({ detail: error.message }, { status, headers });
}
