// Reads pipelines.yaml, at the start of the daemon: whole and sound, or with every mistake named.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { normalised } from '../../contract/progress.ts';
import { type Book, bookSchema, emptyBook, type Variable } from './book.ts';
import { stagesOf } from './plans.ts';

export interface ReadBook {
  readonly path: string;
  /** That there is no such file is a mistake. */
  readonly required: boolean;
  readonly variable: Variable;
  /** Takes one sentence for each, with the file's name and the path in it. */
  readonly mistakes: string[];
}

/** An empty book where the file is absent, or holds mistakes. Blocks: for the start alone. */
export function readBook({ path, required, variable, mistakes }: ReadBook): Book {
  const file = basename(path);
  if (!existsSync(path)) {
    if (required) mistakes.push(`pipelines: ${path} does not exist`);
    return emptyBook;
  }
  try {
    const written: unknown = parse(readFileSync(path, 'utf8'));
    const checked = bookSchema(variable).safeParse(written ?? {});
    for (const { path: at, message } of checked.error?.issues ?? []) {
      mistakes.push(`${file}: ${at.length > 0 ? `${at.join('.')}: ` : ''}${message}`);
    }
    if (!checked.success) return emptyBook;
    for (const [name, { stages }] of Object.entries(checked.data.pipelines)) {
      try {
        // A video that is brought goes without it.
        normalised(stagesOf(stages).filter(({ stage }) => stage !== 'downloading'));
      } catch (error) {
        mistakes.push(`${file}: pipelines.${name}.stages: ${said(error)}`);
      }
    }
    return checked.data;
  } catch (error) {
    mistakes.push(`${file}: ${said(error)}`);
    return emptyBook;
  }
}

/** Beside the settings, or where they say. */
export function bookPath(settings: string, named: string | null | undefined): string {
  return resolve(dirname(settings), named ?? 'pipelines.yaml');
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
