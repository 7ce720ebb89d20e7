// What programs outside post to the admin routes, read with this dialect's own sentences for what is wrong.
import { Fault } from '../../contract/fault.ts';
import type { OutsideJob } from '../../contract/outside.ts';
import type { Announced, OutsideReport } from '../jobs/outside-words.ts';

const most = { id: 200, type: 200, video_id: 500, status: 200, reason: 1000, metadataBytes: 16 * 1024, depth: 20 };
const required = ['id', 'type', 'video_id'] as const;
/** Such as a line break, or half of a surrogate pair, which the database does not keep. */
const unspeakable = /\p{Cc}|\p{Cs}/u;

type Fields = Readonly<Record<string, unknown>>;

/** Throws Fault 'malformed-request' with what is missing or wrong. */
export function readAnnounced(body: string): Announced {
  const fields = fieldsIn(body);
  if (Object.keys(fields).length === 0) throw refusal('No data provided');
  const [id, type, videoId] = required.map((name) => namedBy(fields[name]));
  if (!id || !type || !videoId) throw refusal('id, type, and video_id are required');
  return {
    id: bounded('id', id),
    type: bounded('type', type),
    video_id: bounded('video_id', videoId),
    metadata: metadataOf(fields['metadata']),
  };
}

/** Throws as readAnnounced does. */
export function readReport(body: string): OutsideReport {
  const { progress, status, error, message } = fieldsIn(body);
  if (progress === undefined || progress === null) throw refusal('Progress value is required');
  if (typeof progress !== 'number' || !Number.isInteger(progress) || progress < 0 || progress > 100) {
    throw refusal(`Progress must be a whole number between 0 and 100, not ${shown(progress)}`);
  }
  return { progress, word: wordOf(status), reason: reasonIn(error) ?? reasonIn(message) };
}

function fieldsIn(body: string): Fields {
  if (body.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new Fault('malformed-request', 'The body is no JSON', { cause });
  }
  if (!isFields(value)) throw refusal('The body must be a JSON object');
  return value;
}

/** Clients have numbers for names as well. */
function namedBy(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value.trim() : '';
}

function bounded(name: 'id' | 'type' | 'video_id' | 'status', value: string): string {
  if (value.length > most[name]) throw refusal(`${name} is longer than ${most[name]} characters`);
  if (unspeakable.test(value)) throw refusal(`${name} has characters that cannot be shown`);
  return value;
}

function metadataOf(value: unknown): OutsideJob['metadata'] {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw refusal('metadata must be an object');
  if (!isShallow(value, most.depth)) throw refusal(`metadata is nested deeper than ${most.depth} levels`);
  if (Buffer.byteLength(JSON.stringify(value)) > most.metadataBytes) throw refusal('metadata is larger than 16 KB');
  return value as OutsideJob['metadata']; // it was parsed from JSON
}

function wordOf(status: unknown): string | null {
  if (status === undefined || status === null) return null;
  if (typeof status !== 'string') throw refusal(`status must be a text, not ${shown(status)}`);
  return status.trim() === '' ? null : bounded('status', status.trim());
}

function reasonIn(value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  return value.trim().slice(0, most.reason);
}

/** Never walks deeper than that, so that no nesting exhausts the stack. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value).slice(0, 40);
}

function refusal(message: string): Fault {
  return new Fault('malformed-request', message);
}
