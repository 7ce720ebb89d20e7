// A disk of its own that is small enough to be filled: a tmpfs, mounted for the length of a test.
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmdirSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempData } from './temp-data.ts';

/** Null where disks may be mounted, else why not. */
export function whyNoDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-mount-'));
  try {
    const refusal = mount(folder, 1);
    if (refusal === null) spawnSync('umount', [folder]);
    return refusal;
  } finally {
    rmdirSync(folder);
  }
}

/** Its folder; unmounted when the running test has finished. */
export function smallDisk(megabytes: number): string {
  const folder = tempData();
  const refusal = mount(folder, megabytes);
  if (refusal !== null) throw new Error(refusal);
  onTestFinished(() => void spawnSync('umount', ['--lazy', folder]));
  return folder;
}

/** Writes a file until so many bytes are free, 0 for the very last one. */
export function fillDisk(folder: string, leaveFree: number, name = 'filling'): void {
  const file = openSync(join(folder, name), 'a');
  const chunk = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(folder);
      const left = bavail * bsize - leaveFree;
      if (left <= 0) return;
      writeSync(file, chunk, 0, Math.min(chunk.length, left));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    fsyncSync(file);
    closeSync(file);
  }
}

function mount(folder: string, megabytes: number): string | null {
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (error) return error.message;
  return status === 0 ? null : stderr.toString().trim();
}
