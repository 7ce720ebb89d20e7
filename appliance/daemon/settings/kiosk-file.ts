// settings.json in the data folder: what was set on the kiosk, by path.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { SettingsView } from '../../contract/settings-api.ts';
import type { KioskValues } from './layers.ts';
import { offered } from './offered.ts';

const Value = SettingsView.shape.settings.element.shape.value;
const Content = z.record(
  z.string().refine((path) => offered.has(path), 'this cannot be set on the kiosk'),
  Value,
);
/** A few lines; read before the daemon does anything else. */
const mostBytes = 64 * 1024;

export function kioskFile(data: string): string {
  return join(data, 'settings.json');
}

/** `broken`: why it says nothing. A file that is not there says nothing either, and nothing is wrong. */
export function readKioskFile(data: string): { readonly values: KioskValues; readonly broken: string | null } {
  const path = kioskFile(data);
  try {
    const { size } = statSync(path);
    if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024} KB`);
    return { values: Content.parse(JSON.parse(readFileSync(path, 'utf8'))), broken: null };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { values: {}, broken: null };
    return { values: {}, broken: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  // Neither the file's path nor a piece of it is anybody's business who reads why.
  if (error instanceof SyntaxError) return 'it is no JSON';
  const code = codeOf(error);
  if (code !== '') return code;
  return error instanceof Error ? error.message : String(error);
}
