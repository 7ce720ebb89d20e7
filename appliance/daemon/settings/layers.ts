// The settings in layers: what vedette.yaml says, above it the kiosk, then the variables; below all, the defaults. Pure.
import type { z } from 'zod';
import type { SettingValue } from '../../contract/settings-api.ts';
import { offered } from './offered.ts';

export type Raw = Record<string, unknown>;

/** What the kiosk says, by path such as `storage.jobs_days`. */
export type KioskValues = Readonly<Record<string, SettingValue>>;

/** What a variable says. */
interface Override {
  readonly variable: string;
  readonly path: string;
  readonly value: unknown;
}

export interface Layers {
  /** As it was read; not changed. */
  readonly file: Raw;
  readonly kiosk: KioskValues;
  /** Stand where neither says anything. */
  readonly fallbacks: readonly (readonly [path: string, value: unknown])[];
  readonly variables: readonly Override[];
}

/** One settings document, to be checked. */
export function compose({ file, kiosk, fallbacks, variables }: Layers): Raw {
  const raw = structuredClone(file);
  for (const [path, value] of Object.entries(kiosk)) {
    put(raw, path.split('.'), value === null && offered.get(path)?.empty === 'absent' ? undefined : value);
  }
  for (const [path, value] of fallbacks) fill(raw, path.split('.'), value);
  for (const { path, value } of variables) put(raw, path.split('.'), value);
  return raw;
}

/** Each with its path, or with the name of the variable that made it. */
export function mistakesIn(error: z.ZodError | undefined, { variables }: Layers): string[] {
  return (error?.issues ?? []).map((issue) => {
    const path = issue.path.join('.');
    const variable = variables.find((override) => override.path === path)?.variable;
    return `${variable ?? (path || 'the file')}: ${issue.message}`;
  });
}

/** What stands at the path; undefined where nothing does. */
export function valueAt(tree: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (isRaw(inner) ? inner[key] : undefined), tree);
}

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a value where the document says nothing. */
function fill(raw: Raw, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) raw[head] ??= value;
  else if (raw[head] === undefined || raw[head] === null) put(raw, path, value);
  else if (isRaw(raw[head])) fill(raw[head], rest, value);
}

function put(raw: Raw, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    raw[head] = value;
    return;
  }
  const inner = raw[head];
  const next: Raw = isRaw(inner) ? inner : {};
  raw[head] = next;
  put(next, rest, value);
}
