// A word that only its target is told: it prints, and turns into JSON, as three stars.
import { readFileSync, statSync } from 'node:fs';
import { codeOf } from '../../contract/errno.ts';

export class Secret {
  readonly #text: string;
  /** Where it was read; null where it stood in the file that names it, or in a variable. */
  readonly file: string | null;

  constructor(text: string, file: string | null = null) {
    this.#text = text;
    this.file = file;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }
}

/**
 * As a file writes it: the word itself, `env:NAME` for a variable's, or `file:/path` for that of a file which nobody else
 * can read. Blocks: for the start alone. Throws Error with what is wrong, which never holds the word.
 */
export function readSecret(written: string, variable: (name: string) => string | undefined): Secret {
  const [, kind, rest = ''] = /^(env|file):(.+)$/.exec(written) ?? [];
  if (kind === 'env') {
    const text = variable(rest);
    if (text === undefined || text === '') throw new Error(`the variable ${rest} is not set`);
    return new Secret(text);
  }
  return kind === 'file' ? new Secret(readPrivate(rest), rest) : new Secret(written);
}

function readPrivate(path: string): string {
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error(`others may read ${path}: give it the mode 0600`);
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') throw new Error(`${path} is empty`);
    return text;
  } catch (error) {
    const code = codeOf(error);
    throw code === '' ? error : new Error(`${path} cannot be read (${code})`, { cause: error });
  }
}
