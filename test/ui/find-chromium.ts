// Where this machine keeps a Chromium, if it has one.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Path of the executable; null where none is in PATH. */
export function findChromium(): string | null {
  // eslint-disable-next-line no-restricted-properties -- PATH is the machine's, no setting of the appliance
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(runs) ?? null;
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not executable: the next one may be.
    return false;
  }
}
