// A job's progress as one line of text: a bar for a terminal, a plain sentence for a log. Pure.
import type { ProgressView } from '../contract/api.ts';

export type Shown = Pick<
  ProgressView,
  'status' | 'progress' | 'stage' | 'current_frame' | 'total_frames' | 'fps' | 'eta_s' | 'indeterminate'
>;

/** At most `columns - 1` wide (the last column would wrap on some terminals); what matters least is left out first. */
export function barLine(view: Shown, columns: number): string {
  const percent = `${String(view.progress ?? 0).padStart(3)} %`;
  const facts = [stageText(view), ...frameFacts(view)];
  const room = columns - 1;
  while (facts.length > 0) {
    const text = facts.join('  ');
    const width = Math.min(40, room - percent.length - text.length - 3);
    if (width >= 10) return `${percent} ${cells(view.progress ?? 0, width)} ${text}`;
    facts.pop();
  }
  const width = Math.min(40, room - percent.length - 1);
  return width > 0 ? `${percent} ${cells(view.progress ?? 0, width)}` : percent.slice(0, Math.max(room, 0));
}

/** For output that is no terminal: `40 %: analyzing, 140 of 350 frames, 47.1 fps`. */
export function stepLine(view: Shown): string {
  return `${view.progress ?? 0} %: ${[stageText(view), ...frameFacts(view)].join(', ')}`;
}

/** 0, 10, 20 … 100: a line is worth printing where this grows. */
export function decade(view: Shown): number {
  return Math.floor((view.progress ?? 0) / 10) * 10;
}

/** `h:mm:ss`, `m:ss` or `12 s`. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

function stageText(view: Shown): string {
  const stage = view.status === 'running' ? (view.stage ?? view.status) : view.status;
  return view.indeterminate && view.status === 'running' ? `${stage} (no progress reported)` : stage;
}

function frameFacts(view: Shown): string[] {
  if (view.current_frame === 0) return [];
  const facts = [
    view.total_frames === null
      ? `${view.current_frame} frames`
      : `${view.current_frame} of ${view.total_frames} frames`,
  ];
  if (view.fps !== null) facts.push(`${view.fps.toFixed(1)} fps`);
  if (view.eta_s !== null && view.status === 'running') facts.push(`${durationText(view.eta_s)} left`);
  return facts;
}

function cells(percent: number, width: number): string {
  const full = Math.min(width, Math.floor((percent / 100) * width));
  return '█'.repeat(full) + '░'.repeat(width - full);
}
