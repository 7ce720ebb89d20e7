// Where the worker processes that follow a script lie, compiled.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inject } from 'vitest';

/** The one in `workers/`. */
export function compiledWorker(name: 'scripted' | 'engine-maker'): URL {
  return pathToFileURL(join(inject('compiledWorkers'), `${name}.js`));
}
