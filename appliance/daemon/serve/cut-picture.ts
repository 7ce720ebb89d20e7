// A picture in base64 inside a JSON document: cut out by its bytes, so that nobody has to read megabytes as text.
import { Fault } from '../../contract/fault.ts';
import { tooLarge } from './incoming-file.ts';

/** Of the picture itself. */
export const mostPictureBytes = 8 * 1024 * 1024;
/** Of all else in the document. */
const mostRestBytes = 16 * 1024;
/** Of a document with the largest picture in it. */
export const mostDocumentBytes = Math.ceil(mostPictureBytes / 3) * 4 + mostRestBytes;

/** Between a field's name and its text; more is nobody's JSON. */
const mostBlanks = 64;

const quote = 0x22;
const colon = 0x3a;
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

export interface CutDocument {
  /** With '' in the picture's place. */
  readonly rest: unknown;
  /** As it stood in its string; a view. Null where there is none. */
  readonly picture: Buffer | null;
}

/** `names`: of the fields that may hold it. Throws Fault 'malformed-request' or 'upload-too-large'. */
export function cutPicture(document: Buffer, names: readonly string[]): CutDocument {
  const place = names.map((name) => findText(document, name)).find((found) => found !== null) ?? null;
  const picture = place && document.subarray(place.start, place.end);
  const rest = place
    ? Buffer.concat([document.subarray(0, place.start), document.subarray(place.end)], document.length - place.length)
    : document;
  if (rest.length > mostRestBytes)
    throw new Fault('malformed-request', `All but the picture may have ${mostRestBytes / 1024} KB.`);
  if (picture && picture.length > Math.ceil(mostPictureBytes / 3) * 4) throw tooLarge(mostPictureBytes);
  try {
    return { rest: JSON.parse(rest.toString('utf8')) as unknown, picture };
  } catch (cause) {
    throw new Fault('malformed-request', 'This is no JSON.', { cause });
  }
}

/**
 * What stands between the quotes of the field's text. Inside another text a quote has a backslash before it, so that the
 * name in plain quotes with a colon behind it is a field wherever it stands (RFC 8259 §7).
 */
function findText(document: Buffer, name: string): { start: number; end: number; length: number } | null {
  const field = `"${name}"`;
  // What stands before the picture is as short as all that is not the picture.
  const front = document.subarray(0, mostRestBytes);
  for (let at = front.indexOf(field); at !== -1; at = front.indexOf(field, at + field.length)) {
    const behind = skipBlanks(document, at + field.length);
    const opening = skipBlanks(document, behind + 1);
    if (document[behind] !== colon || document[opening] !== quote) continue;
    const start = opening + 1;
    const end = document.indexOf(quote, start);
    // Base64 needs no quote, whatever else is escaped in it.
    return end === -1 ? null : { start, end, length: end - start };
  }
  return null;
}

function skipBlanks(document: Buffer, from: number): number {
  let at = from;
  while (at < from + mostBlanks && blanks.has(document[at] ?? 0)) at += 1;
  return at;
}
