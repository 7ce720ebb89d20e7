// A span of a video on a line as wide as the screen: where a moment lies on it, and how it is zoomed and moved. Pure.

/** Seconds, from < to. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Closer than this is not zoomed. */
const leastSpan = 1;

/** 0..1 along the span; beyond it outside. */
export function shareOf(seconds: number, { from, to }: Span): number {
  return to > from ? (seconds - from) / (to - from) : 0;
}

export function momentAt(share: number, { from, to }: Span): number {
  return from + share * (to - from);
}

/** `factor` > 1 shows less; the moment `about` stays where it is. Never beyond `whole`. */
export function zoomed(span: Span, factor: number, about: number, whole: Span): Span {
  const length = Math.min(Math.max((span.to - span.from) / factor, leastSpan), whole.to - whole.from);
  const from = about - shareOf(about, span) * length;
  return within({ from, to: from + length }, whole);
}

export function moved(span: Span, seconds: number, whole: Span): Span {
  return within({ from: span.from + seconds, to: span.to + seconds }, whole);
}

/** The same span where it shows the moment; else one as long that begins shortly before it. */
export function following(span: Span, seconds: number, whole: Span): Span {
  if (seconds >= span.from && seconds <= span.to) return span;
  return moved(span, seconds - span.from - (span.to - span.from) * 0.1, whole);
}

/** Round moments for marks along the span, at most `most`. */
export function ticks({ from, to }: Span, most: number): readonly number[] {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
  const step = steps.find((one) => (to - from) / one <= most) ?? 86_400;
  const first = Math.ceil(from / step);
  const count = Math.max(Math.floor(to / step) - first + 1, 0);
  return Array.from({ length: Math.min(count, 200) }, (_, n) => (first + n) * step);
}

function within(span: Span, whole: Span): Span {
  const length = span.to - span.from;
  const from = Math.min(Math.max(span.from, whole.from), Math.max(whole.to - length, whole.from));
  return { from, to: Math.min(from + length, Math.max(whole.to, from)) };
}
