// Where things lie in a checkout or installation, seen from the running file (appliance/cli or dist/cli).
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The daemon's programs: the built ones beside the built command line, the sources beside the source. */
export const daemonEntry = program('main');
export const backupEntry = program('backup');
export const restoreEntry = program('restore');
export const isolationEntry = program('isolation');

/** The worker's programs. */
export const workerEntry = fileURLToPath(new URL(`../worker/main${extname(import.meta.url)}`, import.meta.url));
export const checkEntry = fileURLToPath(new URL(`../worker/check${extname(import.meta.url)}`, import.meta.url));
export const providersEntry = fileURLToPath(new URL(`../worker/providers${extname(import.meta.url)}`, import.meta.url));

export const demoVideo = join(root, 'models/demo/sample.mp4');

function program(name: string): string {
  return fileURLToPath(new URL(`../daemon/${name}${extname(import.meta.url)}`, import.meta.url));
}
