// Where things lie in a checkout or installation, seen from the running file (appliance/cli or dist/cli).
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The daemon's main file: the built one beside the built command line, the source beside the source. */
export const daemonEntry = fileURLToPath(new URL(`../daemon/main${extname(import.meta.url)}`, import.meta.url));

export const demoVideo = join(root, 'models/demo/sample.mp4');
