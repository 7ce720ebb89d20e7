// One models.yaml: which model new appliances begin with, and what is set of each.
import { readFile, stat } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { ModelName, ModelSettings } from '../../contract/model-api.ts';
import { writeDurably } from '../record/write-durably.ts';

const Content = z.strictObject({
  /** In use from the next start on. */
  default: ModelName.optional(),
  models: z.record(ModelName, ModelSettings).optional(),
});
export type SettingsContent = Readonly<z.infer<typeof Content>>;

/** Read and written on the daemon's own thread, which such a file holds for some milliseconds. */
const mostBytes = 128 * 1024;

/** A file that is not there says nothing. Throws Fault 'config-invalid' whose message names every mistake, one a line. */
export async function readSettings(path: string): Promise<SettingsContent> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > mostBytes) throw new Fault('config-invalid', `${path}: larger than ${mostBytes / 1024} KB`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw error instanceof Fault ? error : unreadable(path, error);
  }
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    throw unreadable(path, error);
  }
  const checked = Content.safeParse(raw ?? {});
  if (checked.success) return checked.data;
  const mistakes = checked.error.issues.map((issue) => `${path}: ${[...issue.path, ''].join('.')} ${issue.message}`);
  throw new Fault('config-invalid', mistakes.join('\n'), { cause: checked.error });
}

/** On the disk when it returns; until then the file is as it was. Throws Fault 'model-refused' where it is too large. */
export async function writeSettings(path: string, content: SettingsContent): Promise<void> {
  const text = `# Written by Vedette, from what was set on the kiosk and over REST.\n${stringify(content)}`;
  if (Buffer.byteLength(text) > mostBytes) {
    throw new Fault('model-refused', 'These are more settings than can be kept. Name fewer classes or aliases.');
  }
  await writeDurably(path, text);
}

function unreadable(path: string, cause: unknown): Fault {
  return new Fault('config-invalid', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
