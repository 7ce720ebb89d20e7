// How counts, sizes, lengths of time and moments are written. Pure.

const dash = '–';
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `1,240`; a dash for what is not known. */
export function count(value: number | null): string {
  return value === null || !Number.isFinite(value) ? dash : grouped.format(value);
}

/** `1 frame`, `1,240 frames`. */
export function counted(value: number, one: string, many: string): string {
  return `${grouped.format(value)} ${value === 1 ? one : many}`;
}

/** `42 %`; a dash for rows older than the progress column. */
export function percent(value: number | null): string {
  return value === null || !Number.isFinite(value) ? dash : `${Math.floor(value)} %`;
}

/** `860 MB`, in steps of 1000 as disks and networks count. One decimal below ten. */
export function bytes(value: number): string {
  const step = Math.min(Math.max(Math.floor(Math.log10(Math.max(value, 1)) / 3), 0), units.length - 1);
  const scaled = value / 1000 ** step;
  const digits = step > 0 && scaled < 10 ? 1 : 0;
  return `${scaled.toFixed(digits)} ${units[step] ?? 'B'}`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 04 min`; a dash for what is not known. `seconds` ≥ 0. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return dash;
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** What is left, coarser the farther away, so that it does not flicker ten times a second. */
export function remaining(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return dash;
  if (seconds < 1) return 'moments';
  if (seconds < 60) return duration(Math.ceil(seconds));
  if (seconds <= 595) return duration(Math.ceil(seconds / 5) * 5);
  return duration(Math.ceil(seconds / 60) * 60).replace(/ 00 s$/, '');
}

/** `28.4`, `112`; a dash for what is not known. */
export function rate(perSecond: number | null): string {
  if (perSecond === null || !Number.isFinite(perSecond)) return dash;
  return perSecond < 100 ? perSecond.toFixed(1) : grouped.format(perSecond);
}

/** The time of day, with the date in front where it is not `today`. Local time. */
export function moment(iso: string, today: Date): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return dash;
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (at.toDateString() === today.toDateString()) return time;
  return `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${time}`;
}

/** `person, car and 3 more`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/** Seconds from one moment of the wire to another; null where one is missing or they are out of order. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  const seconds = from === null || to === null ? NaN : (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds >= 0 ? seconds : null;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
