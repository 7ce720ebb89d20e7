// What browsers ask before a page of another site may call (Fetch standard, §4.8), and what such a page may send and read.
import { type Answer, text } from './answer.ts';

/** Of requests: whatever our clients send. */
const sentHeaders = [
  ...['Authorization', 'X-API-Key', 'X-Operator-Pin', 'Content-Type', 'Range', 'If-None-Match', 'If-Range'],
  ...['Idempotency-Key', 'X-Requested-With', 'X-Request-Id'],
  ...['Tus-Resumable', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset', 'Upload-Defer-Length', 'Upload-Concat'],
].join(', ');

/** Of answers, beside those that every page may read. */
export const exposedHeaders = [
  ...['ETag', 'Location', 'Retry-After', 'Content-Disposition', 'Content-Length', 'Content-Range', 'Accept-Ranges'],
  ...['Idempotency-Replayed', 'Vedette-Fault', 'Vedette-Job-Id', 'WWW-Authenticate'],
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size'],
  ...['Upload-Expires', 'Upload-Length', 'Upload-Metadata', 'Upload-Offset'],
].join(', ');

/** `method`: the request's; `header`: by lower-case name. */
export function isPreflight(method: string, header: (name: string) => string): boolean {
  return method === 'OPTIONS' && header('access-control-request-method') !== '';
}

/** Read by the browser only where the origin's own header stands beside it. `allow`: the methods of the path. */
export function preflightAnswer(allow: string): Answer {
  const headers = {
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': sentHeaders,
    'Access-Control-Max-Age': '600',
  };
  return text('', 'text/plain', { headers });
}
