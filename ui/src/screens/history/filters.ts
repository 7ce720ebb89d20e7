// What is looked for in the history: as the address says it, as it is asked for, and whether a job fits it. Pure.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { JobStatus } from '../../../../appliance/contract/job.ts';
import type { HistoryQuery } from '../../wire/appliance.ts';
import { statusLooks } from '../../words/looks.ts';

export const spans = ['today', '7', '30'] as const;
export type Span = (typeof spans)[number];

/** What is empty or null does not narrow it. */
export interface Filters {
  /** Words that all stand in the name of the source. */
  readonly q: string;
  readonly statuses: readonly JobStatus[];
  readonly model: string;
  readonly className: string;
  /** Counted back from now; then there is neither `from` nor `to`. */
  readonly span: Span | null;
  /** Days of this place's calendar, such as `2026-05-12`, both of them within. */
  readonly from: string;
  readonly to: string;
}

/** As the appliance is asked, without the page. */
export type Asked = Omit<HistoryQuery, 'limit' | 'skip'>;

export const statuses = Object.keys(statusLooks) as readonly JobStatus[];

export function filtersOf(query: URLSearchParams): Filters {
  const said = query.get('status')?.split(',') ?? [];
  const span = spans.find((known) => known === query.get('days')) ?? null;
  return {
    q: query.get('q') ?? '',
    statuses: statuses.filter((status) => said.includes(status)),
    model: query.get('model') ?? '',
    className: query.get('class') ?? '',
    span,
    from: span === null ? dayIn(query.get('from')) : '',
    to: span === null ? dayIn(query.get('to')) : '',
  };
}

/** The way back, for an address that says only what narrows. */
export function queryOf({ q, statuses: some, model, className, span, from, to }: Filters): Record<string, string> {
  const all = { q, status: some.join(','), model, class: className, days: span ?? '', from, to };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** How many narrow the list, beside the words. */
export function countOf({ statuses: some, model, className, span, from, to }: Filters): number {
  return [some.length > 0, model !== '', className !== '', span !== null || from !== '' || to !== ''].filter(Boolean)
    .length;
}

/** `now` says what today is. */
export function askedBy({ q, statuses: some, model, className, span, from, to }: Filters, now: Date): Asked {
  const first = span === null ? startOf(from) : daysBefore(now, span === 'today' ? 0 : Number(span) - 1);
  const last = endOf(to);
  return {
    ...(q.trim() === '' ? {} : { q: q.trim() }),
    ...(some.length === 0 ? {} : { status: some }),
    ...(model === '' ? {} : { model }),
    ...(className === '' ? {} : { class: className }),
    ...(first === null ? {} : { from: first.toISOString() }),
    ...(last === null ? {} : { to: last.toISOString() }),
  };
}

/** As the appliance looks for it, for jobs that are pushed. */
export function fits(job: JobItem, { q = '', status, model, class: className, from, to }: Asked): boolean {
  if (status !== undefined && !status.includes(job.status)) return false;
  if (model !== undefined && job.model?.name !== model) return false;
  if (className !== undefined && job.summary?.classes.includes(className) !== true) return false;
  const made = Date.parse(job.created_at);
  if ((from !== undefined && made < Date.parse(from)) || (to !== undefined && made > Date.parse(to))) return false;
  const name = folded(job.source_name);
  return q.split(/\s+/).every((word) => name.includes(folded(word)));
}

/** The day of this place's calendar, as filters have it. */
export function dayOf(iso: string): string {
  const at = new Date(iso);
  const [month, day] = [at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${at.getFullYear()}-${month ?? ''}-${day ?? ''}`;
}

/** The same for all ways to write the same, as the appliance has it. */
function folded(text: string): string {
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
}

function dayIn(text: string | null): string {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && startOf(text) !== null ? text : '';
}

/** Local midnight; null for what is no day. */
function startOf(day: string): Date | null {
  const at = new Date(`${day}T00:00:00`);
  return Number.isNaN(at.getTime()) ? null : at;
}

/** The last millisecond of the day: a day is not always 24 hours long. */
function endOf(day: string): Date | null {
  const at = startOf(day);
  return at && new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1, 0, 0, 0, -1);
}

function daysBefore(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
}
