// Cuts clips as the worker does, and what ffprobe and ffmpeg say of them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { type CutResult, cutClips, type CutOptions } from '../../../appliance/worker/clips/cutter.ts';
import type { Moment } from '../../../appliance/worker/clips/moments.ts';
import { Disk } from '../../../appliance/worker/disk.ts';
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';

const run = promisify(execFile);

export class Cutting {
  readonly player = new Player(loadGStreamer());
  readonly signal = new AbortController().signal;
  readonly disk = new Disk({ signal: this.signal, onHeld: () => undefined });
  readonly log = pino({ level: 'silent' });

  cut(
    path: string,
    container: string,
    folder: string,
    moments: readonly Moment[],
    more: Partial<CutOptions> = {},
  ): Promise<CutResult> {
    const { player, signal, disk, log } = this;
    const quiet = { onShare: () => undefined, passage: () => null, onMade: () => undefined };
    const where = { path, container, folder, moments, rotation: 0 as const };
    return cutClips({ ...where, player, signal, disk, log, stallMs: 10_000, ...quiet, ...more });
  }

  close(): void {
    this.player.close();
  }
}

export function moment(fromS: number, toS: number, more: Partial<Moment> = {}): Moment {
  return { class: 'person', seenFromS: fromS, seenToS: toS, fromS, toS, best: 0.9, bestAtS: fromS, ...more };
}

export interface ProbedPacket {
  /** Seconds; null where the container has none. */
  readonly atS: number | null;
  readonly key: boolean;
  readonly hash: string;
}

/** In the order in which they are decoded. */
export async function packets(path: string, stream: 'v:0' | 'a:0'): Promise<ProbedPacket[]> {
  const what = ['-select_streams', stream, '-show_packets', '-show_data_hash', 'md5'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...what, '-of', 'json', path], { maxBuffer: 1 << 28 });
  const told = JSON.parse(stdout) as { packets?: { pts_time?: string; flags: string; data_hash: string }[] };
  return (told.packets ?? []).map(({ pts_time: at, flags, data_hash: hash }) => {
    return { atS: at === undefined ? null : Number(at), key: flags.startsWith('K'), hash };
  });
}

/** Decodes all of it; rejects with what ffmpeg complains of. */
export async function decodeWhole(path: string): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
}

/** Hashes of the pictures, as they are shown. */
export async function pictureHashes(path: string): Promise<string[]> {
  const args = ['-v', 'error', '-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const { stdout } = await run('ffmpeg', args, { maxBuffer: 1 << 28 });
  return stdout
    .split('\n')
    .filter((text) => text !== '' && !text.startsWith('#'))
    .map((text) => text.slice(-32));
}

/** Seconds from the beginning to the end of the first darkness. */
export function firstLight(path: string): Promise<number> {
  return told(path, ['-vf', 'blackdetect=d=0.1:pix_th=0.3', '-an'], /black_end:([\d.]+)/);
}

/** The same of the first silence. */
export function firstSound(path: string): Promise<number> {
  return told(path, ['-af', 'silencedetect=n=-30dB:d=0.1', '-vn'], /silence_end: ([\d.]+)/);
}

async function told(path: string, filter: readonly string[], words: RegExp): Promise<number> {
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-i', path, ...filter, '-f', 'null', '-']);
  return Number(words.exec(stderr)?.[1]);
}
