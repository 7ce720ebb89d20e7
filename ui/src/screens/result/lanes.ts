// A timeline as lanes, one a class, and how they are painted. Pure but for the canvas that it is given.
import type { Timeline } from '../../../../appliance/contract/timeline.ts';
import { classColour } from '../../picture/class-colour.ts';
import { shareOf, type Span, ticks } from './moments.ts';

export interface Lane {
  readonly name: string;
  readonly classId: number;
  /** The most of a frame, for each bin. */
  readonly up: readonly number[];
  /** The same of another job, drawn downwards. */
  readonly down?: readonly number[];
  /** Hidden classes are drawn pale. */
  readonly pale?: boolean;
}

export interface Painting {
  readonly canvas: HTMLCanvasElement;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly span: Span;
  /** That the bins of the lanes divide. */
  readonly bins: Span;
  readonly lanes: readonly Lane[];
  /** Seconds. */
  readonly playhead: number;
  /** `0:05` */
  readonly timecode: (seconds: number) => string;
}

/** Of the line with moments, in px. */
const axis = 18;
const leastLane = 7;
const fit = { ground: '#0a0e0c', line: '#2c3732', words: '#c3cbc4', playhead: '#ffffff' };

/** Of what is known of the span that is shown, in the order of the whole: no lane changes its place by zooming. */
export function lanesOf(whole: Timeline, shown: Timeline, shows: (className: string) => boolean): readonly Lane[] {
  return whole.classes.map(({ class: name, class_id: classId }) => {
    return { name, classId, up: peakOf(shown, name), pale: !shows(name) };
  });
}

/** The most of a class that one frame of a bin shows, for each bin. */
export function peakOf(timeline: Timeline, className: string): readonly number[] {
  const peak = timeline.classes.find((one) => one.class === className)?.peak;
  return peak === undefined ? [] : held(peak, timeline.frames);
}

/** Bins may be narrower than frames are long: one between two frames shows what the one before it does. */
function held(values: readonly number[], frames: readonly number[]): readonly number[] {
  const end = frames.findLastIndex((count) => count > 0);
  let last = 0;
  return values.map((value, bin) => (last = frames[bin] === 0 && bin < end ? last : value));
}

/** So many of the lanes fit; the rest is left out. */
export function fittingLanes(height: number, count: number): number {
  return Math.min(count, Math.max(Math.floor((height - axis) / leastLane), 1));
}

export function paintLanes({ canvas, width, height, span, bins, lanes, playhead, timecode }: Painting): void {
  const density = globalThis.devicePixelRatio || 1;
  canvas.width = Math.max(Math.round(width * density), 1);
  canvas.height = Math.max(Math.round(height * density), 1);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.fillStyle = fit.ground;
  context.fillRect(0, 0, width, height);
  const shown = lanes.slice(0, fittingLanes(height, lanes.length));
  // Whole pixels here too: half ones would let the ground shine through.
  const tall = Math.floor((height - axis) / Math.max(shown.length, 1));
  paintTicks(context, { width, height, span, timecode });
  shown.forEach((lane, row) => paintLane(context, lane, { top: row * tall, tall, width, span, bins }));
  paintPlayhead(context, shareOf(playhead, span) * width, height);
}

interface Row {
  readonly top: number;
  readonly tall: number;
  readonly width: number;
  readonly span: Span;
  readonly bins: Span;
}

function paintLane(context: CanvasRenderingContext2D, lane: Lane, { top, tall, width, span, bins }: Row): void {
  const both = lane.down !== undefined;
  const most = Math.max(1, ...lane.up, ...(lane.down ?? []));
  const middle = Math.floor(tall / 2);
  const room = (both ? middle : tall) - 2;
  const base = top + (both ? middle : tall - 1);
  context.globalAlpha = lane.pale ? 0.25 : 1;
  context.fillStyle = classColour(lane.classId);
  const bars = (values: readonly number[], direction: 1 | -1): void => {
    const step = (bins.to - bins.from) / Math.max(values.length, 1);
    values.forEach((value, bin) => {
      if (value === 0) return;
      // Whole pixels, so that neighbours leave no seam.
      const left = Math.floor(shareOf(bins.from + bin * step, span) * width);
      const right = Math.floor(shareOf(bins.from + (bin + 1) * step, span) * width);
      if (right < 0 || left > width) return;
      // At least a line of it is seen, however little it is.
      const bar = Math.max(Math.round((value / most) * room), 2);
      context.fillRect(left, direction === 1 ? base - bar : base, Math.max(right - left, 1), bar);
    });
  };
  bars(lane.up, 1);
  if (lane.down) {
    context.globalAlpha = lane.pale ? 0.15 : 0.55;
    bars(lane.down, -1);
  }
  context.globalAlpha = 1;
  context.fillStyle = fit.line;
  context.fillRect(0, top + tall - 1, width, 1);
  if (tall >= 15) paintName(context, lane.name, top);
}

function paintName(context: CanvasRenderingContext2D, name: string, top: number): void {
  context.font = `600 11px 'IBM Plex Sans Variable', system-ui, sans-serif`;
  context.textBaseline = 'top';
  context.textAlign = 'left';
  context.direction = 'ltr';
  const wide = context.measureText(name).width;
  context.globalAlpha = 0.7;
  context.fillStyle = fit.ground;
  context.fillRect(2, top + 1, wide + 6, 13);
  context.globalAlpha = 1;
  context.fillStyle = fit.words;
  context.fillText(name, 5, top + 2);
}

function paintTicks(
  context: CanvasRenderingContext2D,
  { width, height, span, timecode }: Pick<Painting, 'width' | 'height' | 'span' | 'timecode'>,
): void {
  context.font = `500 11px 'IBM Plex Sans Variable', system-ui, sans-serif`;
  context.textBaseline = 'bottom';
  context.textAlign = 'left';
  context.direction = 'ltr';
  for (const moment of ticks(span, Math.max(Math.floor(width / 90), 2))) {
    const x = Math.round(shareOf(moment, span) * width);
    context.fillStyle = fit.line;
    context.fillRect(x, 0, 1, height);
    context.fillStyle = fit.words;
    const words = timecode(moment);
    if (x + context.measureText(words).width + 6 < width) context.fillText(words, x + 4, height - 2);
  }
}

function paintPlayhead(context: CanvasRenderingContext2D, x: number, height: number): void {
  context.fillStyle = fit.ground;
  context.fillRect(x - 2, 0, 4, height);
  context.fillStyle = fit.playhead;
  context.fillRect(x - 1, 0, 2, height);
  context.beginPath();
  context.moveTo(x - 6, 0);
  context.lineTo(x + 6, 0);
  context.lineTo(x, 8);
  context.fill();
}
