// What the appliance answers to a request, read into sentences a person can act on. Pure.

/** The parts of an answer that matter for a message. `status` 0: there was no answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Value of `Retry-After`, in seconds. */
  readonly retryAfter: string | null;
}

/** What helps, by status; said after the appliance's own words. */
const remedies: Readonly<Record<number, (answer: Answer) => string>> = {
  401: () => 'Give the key of this appliance, then try again.',
  413: () => 'Send a shorter or a smaller file.',
  429: ({ retryAfter }) => `Try again ${wait(retryAfter)}.`,
};

/** What to say where the answer brings no words of its own. */
const defaults: Readonly<Record<number, string>> = {
  0: 'The connection broke before the answer came. Check the network, then try again.',
  401: 'This appliance asks for a key.',
  404: 'The appliance does not know this job any more.',
  413: 'The file is larger than this appliance accepts.',
  429: 'The queue is full.',
  507: 'The disk of the appliance is nearly full. Remove finished jobs to make room.',
};

export function explain(answer: Answer): string {
  const said =
    detailOf(answer.text) ?? defaults[answer.status] ?? `The appliance answered with error ${answer.status}.`;
  const remedy = remedies[answer.status]?.(answer);
  return remedy === undefined ? sentence(said) : `${sentence(said)} ${remedy}`;
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

function wait(retryAfter: string | null): string {
  const seconds = Number(retryAfter ?? '');
  return Number.isInteger(seconds) && seconds > 0 ? `in ${seconds} s` : 'in a moment';
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
