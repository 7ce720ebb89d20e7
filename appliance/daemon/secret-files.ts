// Which files of the configuration hold secrets: no worker and no plugin may read them.
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import type { WrittenTarget } from './pipelines/book.ts';
import { bookPath } from './pipelines/read-book.ts';

/** By their absolute paths; some may not be there. */
export function secretFiles({ file, pipelines, book, mqtt }: Config): string[] {
  const words = Object.values(book.targets).flatMap(wordsOf);
  // Some keep the key in the file of the certificate.
  const named = [...words.map((word) => word.file), mqtt.key, mqtt.cert].filter((path) => typeof path === 'string');
  return [file, bookPath(file, pipelines), ...named.map((path) => resolve(path))];
}

function wordsOf(target: WrittenTarget) {
  switch (target.kind) {
    case 'folder':
      return [];
    case 's3':
      return [target.access_key, target.secret_key];
    case 'http':
      return Object.values(target.headers);
    default:
      return target satisfies never;
  }
}
