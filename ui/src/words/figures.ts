// How counts, sizes, lengths of time and moments are written, in the language and units of the screen. Pure.

export type Units = 'metric' | 'imperial';

const dash = '–';
const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export class Figures {
  readonly #tag: string;
  readonly #units: Units;
  readonly #whole: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #tenths: Intl.NumberFormat;
  readonly #list: Intl.ListFormat;
  /** Making one takes as long as writing a hundred figures by it. */
  readonly #numbers = new Map<string, Intl.NumberFormat>();
  readonly #moments = new Map<string, Intl.DateTimeFormat>();

  /** `tag`: BCP 47, such as `de-AT`. */
  constructor(tag: string, units: Units) {
    this.#tag = tag;
    this.#units = units;
    this.#whole = new Intl.NumberFormat(tag, { maximumFractionDigits: 0 });
    this.#percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0 });
    this.#tenths = new Intl.NumberFormat(tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#list = new Intl.ListFormat(tag, { style: 'long', type: 'conjunction' });
  }

  /** `1,240`; a dash for what is not known. */
  count(value: number | null): string {
    return value === null || !Number.isFinite(value) ? dash : this.#whole.format(value);
  }

  /** `42%` for 42, by floor; a dash for rows older than the progress column. */
  percent(value: number | null): string {
    return value === null || !Number.isFinite(value) ? dash : this.#percent.format(Math.floor(value) / 100);
  }

  /** `0.87` for a confidence. */
  hundredths(value: number): string {
    return new Intl.NumberFormat(this.#tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
  }

  /** `860 MB`, in steps of 1000 as disks and networks count. One decimal below ten. `value` ≥ 0. */
  bytes(value: number): string {
    let [step, scaled] = [0, value];
    // What would be written as 1,000 of one size is 1.0 of the next.
    while (scaled >= (step === 0 ? 1000 : 999.5) && step < sizes.length - 1) [step, scaled] = [step + 1, scaled / 1000];
    // The short form of bytes knows no plural.
    if (step === 0) return this.#unit(Math.floor(scaled), 'byte', 0, 0, 'long');
    return this.#unit(scaled, sizes[step] ?? 'byte', scaled < 9.95 ? 1 : 0);
  }

  /** `0.4 sec`, `12 sec`, `3 min 5 sec`, `2 hr 4 min`; a dash for what is not known. `seconds` ≥ 0. */
  duration(seconds: number | null): string {
    if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return dash;
    if (seconds < 9.95) return this.#unit(Math.round(seconds * 10) / 10, 'second', 1, 0);
    const whole = Math.round(seconds);
    if (whole < 60) return this.#unit(whole, 'second');
    if (whole < 3600) return this.#pair(Math.floor(whole / 60), 'minute', whole % 60, 'second');
    const minutes = Math.round(seconds / 60);
    if (minutes < 24 * 60) return this.#pair(Math.floor(minutes / 60), 'hour', minutes % 60, 'minute');
    const hours = Math.round(seconds / 3600);
    return this.#pair(Math.floor(hours / 24), 'day', hours % 24, 'hour');
  }

  /** What is left, coarser the farther away, so that it does not flicker ten times a second. */
  remaining(seconds: number | null): string {
    if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return dash;
    if (seconds < 60) return this.duration(Math.max(Math.ceil(seconds), 1));
    return this.duration(seconds <= 595 ? Math.ceil(seconds / 5) * 5 : Math.ceil(seconds / 60) * 60);
  }

  /** `1:04:07.250` within a video; hours only where there are any. `digits` of the fraction, 0..3. */
  timecode(seconds: number, digits = 1): string {
    const scale = 10 ** digits;
    const all = Math.round(Math.max(seconds, 0) * scale);
    const whole = Math.floor(all / scale);
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const clock = hours > 0 ? `${hours}:${pad(minutes, 2)}:${pad(rest, 2)}` : `${minutes}:${pad(rest, 2)}`;
    return digits > 0 ? `${clock}.${pad(all % scale, digits)}` : clock;
  }

  /** `28.4`, `112`; a dash for what is not known. */
  rate(perSecond: number | null): string {
    if (perSecond === null || !Number.isFinite(perSecond)) return dash;
    return perSecond < 99.95 ? this.#tenths.format(perSecond) : this.#whole.format(perSecond);
  }

  /** The time of day, with the date in front where it is not `today`. Local time. */
  moment(iso: string, today: Date): string {
    const at = new Date(iso);
    if (Number.isNaN(at.getTime())) return dash;
    const day = at.toDateString() === today.toDateString() ? {} : ({ day: 'numeric', month: 'short' } as const);
    const year = at.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
    const format = { ...year, ...day, hour: '2-digit', minute: '2-digit' } as const;
    return kept(this.#moments, format, () => new Intl.DateTimeFormat(this.#tag, format)).format(at);
  }

  /** The day alone. Local time. */
  day(iso: string): string {
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? dash : new Intl.DateTimeFormat(this.#tag, { dateStyle: 'medium' }).format(at);
  }

  /** `person, car, and dog`. */
  listed(names: readonly string[]): string {
    return this.#list.format(names);
  }

  /** Of °C, in the units of the screen. */
  temperature(celsius: number): string {
    return this.#units === 'imperial' ? this.#unit(celsius * 1.8 + 32, 'fahrenheit') : this.#unit(celsius, 'celsius');
  }

  #pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
    const whole = this.#unit(large, largeUnit);
    return small === 0 ? whole : `${whole} ${this.#unit(small, smallUnit)}`;
  }

  #unit(value: number, unit: string, digits = 0, least = digits, unitDisplay: 'short' | 'long' = 'short'): string {
    const fraction = { minimumFractionDigits: least, maximumFractionDigits: digits };
    const format = { style: 'unit', unit, unitDisplay, ...fraction } as const;
    return kept(this.#numbers, format, () => new Intl.NumberFormat(this.#tag, format)).format(value);
  }
}

/** Seconds from one moment of the wire to another; null where one is missing or they are out of order. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  const seconds = from === null || to === null ? NaN : (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds >= 0 ? seconds : null;
}

function kept<T>(all: Map<string, T>, format: object, make: () => T): T {
  const key = JSON.stringify(format);
  const made = all.get(key) ?? make();
  all.set(key, made);
  return made;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
