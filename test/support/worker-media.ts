// Clips for the worker's tests, made by ffmpeg when a test asks, and what ffprobe says of them.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Null where ffmpeg and ffprobe are there, else the reason to skip. */
export const noFfmpeg: string | null =
  spawnSync('ffmpeg', ['-version']).status === 0 && spawnSync('ffprobe', ['-version']).status === 0
    ? null
    : 'ffmpeg and ffprobe are not installed';

/** A temporary folder that makes clips; close() removes it. */
export class MediaFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<MediaFolder> {
    return new MediaFolder(await mkdtemp(join(tmpdir(), 'vedette-media-')));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Runs ffmpeg with these arguments and the file as its output. */
  async make(name: string, ...args: readonly string[]): Promise<string> {
    const file = this.file(name);
    await run('ffmpeg', ['-v', 'error', '-y', '-nostdin', ...args, file]);
    return file;
  }

  /** A moving test picture as ffmpeg's lavfi source. */
  pattern(size: string, rate: number, seconds: number): readonly string[] {
    return ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=${rate}:d=${seconds}`];
  }

  close(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/** Seconds at which ffprobe shows each decoded frame of the first video stream, the first one at 0. */
export async function shownTimes(path: string): Promise<number[]> {
  const times = await lines(path, 'frame=best_effort_timestamp_time');
  const first = Number(times[0]);
  return times.map((time) => Number(time) - first);
}

/** Packets of the first video stream. */
export async function packetCount(path: string): Promise<number> {
  return (await lines(path, 'packet=size')).length;
}

async function lines(path: string, entries: string): Promise<string[]> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'csv=p=0', path];
  const { stdout } = await run('ffprobe', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .map((line) => line.replace(/,.*$/, '').trim())
    .filter((line) => line !== '');
}
