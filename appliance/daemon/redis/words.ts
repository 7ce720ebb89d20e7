// What stands in Redis: its keys, and the form of what appliances tell each other there.
import { z } from 'zod';
import { JobItem, ProgressView } from '../../contract/api.ts';

export function keysOf(prefix: string) {
  return {
    /** Stream of every event of every appliance, oldest first. */
    events: `${prefix}:events`,
    /** Hash: the newest state of one job. */
    job: (id: string) => `${prefix}:job:${id}`,
    /** Sorted set: ids of the jobs that have such a hash, by the time of their making. */
    jobs: `${prefix}:jobs`,
    /** There while the appliance is: JSON of its `boot`, and of the `url` where it can be opened. */
    node: (node: string) => `${prefix}:node:${node}`,
  } as const;
}
export type Keys = ReturnType<typeof keysOf>;

type EventKind = 'job' | 'progress' | 'job_removed' | 'system';

/** One entry of the stream, as Redis has it: texts alone. */
export interface Entry {
  readonly kind: EventKind;
  readonly node: string;
  readonly boot: string;
  /** Empty for `system`. */
  readonly job_id: string;
  /** JSON: as Socket.IO tells the same. */
  readonly data: string;
}

/** Of a job's hash: what programs read at a glance, and the whole of it as JSON. */
export function hashOf(item: JobItem, node: string): Record<string, string> {
  const { error, source_name } = item;
  return { node, source_name, error: error ?? '', ...progressHashOf(item), item: JSON.stringify(item) };
}

/** The same of a delta. What is null is the empty text. */
export function progressHashOf(progress: ProgressView): Record<string, string> {
  const { status, progress: percent, stage, current_frame, total_frames, fps, eta_s, seq, ts } = progress;
  const shown = { status, progress: percent, stage, current_frame, total_frames, fps, eta_s, seq, ts };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value ?? '')]));
}

/** What another appliance wrote; null for what makes no sense to this release. */
export function readItem(text: string | undefined): JobItem | null {
  return JobItem.safeParse(parsed(text)).data ?? null;
}

export function readProgress(text: string | undefined): ProgressView | null {
  return ProgressView.safeParse(parsed(text)).data ?? null;
}

const AnyNode = z.object({ boot: z.string(), url: z.string() });

export function readNode(text: string | null): z.infer<typeof AnyNode> | null {
  return AnyNode.safeParse(parsed(text ?? undefined)).data ?? null;
}

const AnyEntry = z.object({
  kind: z.string(),
  node: z.string(),
  boot: z.string(),
  job_id: z.string(),
  data: z.string(),
});

export function readEntry(message: unknown): z.infer<typeof AnyEntry> | null {
  return AnyEntry.safeParse(message).data ?? null;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null') as unknown;
  } catch {
    return null; // nothing that a schema takes
  }
}
