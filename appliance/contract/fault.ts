// Expected failures: each has a code, and a message that a person can act on. Anything else that is thrown is a bug.
export const faultCodes = [
  // what a client asked for
  'plugin-not-found',
  'tool-not-found',
  'tool-input-mismatch',
  'invalid-video',
  'invalid-image',
  'malformed-request',
  'job-not-found',
  'job-not-completed',
  'video-not-found',
  'picture-not-found',
  'clip-not-found',
  'pipeline-not-found',
  'source-url-refused',
  'command-malformed',
  'outside-job',
  'webhook-message-not-found',
  'upload-too-large',
  'disk-full',
  'queue-full',
  'job-not-retryable',
  'job-not-pending',
  'import-not-found',
  'setting-refused',
  'pin-required',
  'busy',
  'model-not-found',
  'model-taken',
  'model-in-use',
  'model-refused',
  'idempotency-conflict',
  'not-allowed',
  'key-required',
  // why a job failed
  'source-empty',
  'source-undecodable',
  'source-without-video',
  'source-without-frames',
  'source-stalled',
  'source-changed',
  'decoder-crashed',
  'download-failed',
  'tool-failed',
  'annotation-failed',
  'clip-failed',
  'delivery-failed',
  'outside-silent',
  'outside-failed',
  'artifact-failed',
  'worker-died',
  'worker-hung',
  'worker-lied',
  'worker-over-memory',
  'worker-over-time',
  'cancelled',
  // why the appliance, or a worker, cannot start
  'config-invalid',
  'port-taken',
  'data-not-writable',
  'database-unusable',
  'model-missing',
  'model-invalid',
  'provider-unavailable',
  'gstreamer-incomplete',
  'plugin-broken',
] as const;
export type FaultCode = (typeof faultCodes)[number];

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
