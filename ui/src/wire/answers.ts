// What the appliance answers to a request that it refuses. Pure.

/** `status` 0: there was no answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** By lower-case name; null where absent. */
  readonly header: (name: string) => string | null;
}

/** A refusal as it is understood, before it is said in anybody's language. */
export interface Refused {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** The appliance's name for it, such as `queue-full`; null where it gave none. */
  readonly code: string | null;
  /** The appliance's own words, in English; null where it has none. */
  readonly detail: string | null;
  /** When to try again; null where it does not say. */
  readonly retryAfterS: number | null;
}

export const noAnswer: Refused = { status: 0, code: null, detail: null, retryAfterS: null };

export function understand({ status, text, header }: Answer): Refused {
  const seconds = Number(header('retry-after') ?? '');
  const retryAfterS = Number.isInteger(seconds) && seconds > 0 ? seconds : null;
  return { status, code: header('vedette-fault'), detail: detailOf(text), retryAfterS };
}

/** The words of `{"detail": "text"}` or of a 422 list `{"detail": [{"msg", "loc"}]}`. */
function detailOf(text: string): string | null {
  const body = parse(text);
  if (typeof body !== 'object' || body === null || !('detail' in body)) return null;
  const { detail } = body;
  if (typeof detail === 'string') return detail === '' ? null : detail;
  if (!Array.isArray(detail)) return null;
  const parts = detail.map(complaint).filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('. ');
}

function complaint(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null || !('msg' in entry) || typeof entry.msg !== 'string') return null;
  const place: unknown = 'loc' in entry && Array.isArray(entry.loc) ? entry.loc.at(-1) : undefined;
  return typeof place === 'string' ? `${place}: ${entry.msg}` : entry.msg;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy in front of the appliance may answer in HTML; then there is no detail to show.
    return null;
  }
}
