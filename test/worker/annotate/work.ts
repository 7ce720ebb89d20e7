// Jobs that make an annotated video, and what ffprobe says of it.
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { type DetectionFrame, jobFiles } from '../../../appliance/contract/frame.ts';
import type { FromWorker } from '../../../appliance/contract/ipc.ts';
import { productFiles } from '../../../appliance/contract/products.ts';
import type { MediaFolder } from '../../support/worker-media.ts';
import { colourModel } from '../onnx-file.ts';
import type { tools } from './tools.ts';

const run = promisify(execFile);

export interface Asked {
  readonly input: string;
  readonly directory: string;
  readonly tool: keyof typeof tools;
  readonly annotated: boolean;
  readonly stallMs: number;
  /** A stage, or a number of frames. */
  readonly cancelAt: string | number | null;
}

export type Told =
  | { readonly kind: 'ready' }
  | { readonly kind: 'held'; readonly reason: string | null }
  /** `again`: the video was decoded a second time. */
  | { readonly kind: 'done'; readonly done: Done; readonly again: boolean }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

type Done = Extract<FromWorker, { type: 'done' }>;

/** A process that does one job after the other, with a model of one box. */
export class Host {
  readonly #process: ChildProcess;

  private constructor(host: ChildProcess) {
    this.#process = host;
  }

  static async open(media: MediaFolder): Promise<Host> {
    const model = media.file('colours.onnx');
    await writeFile(model, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    const host = fork(join(import.meta.dirname, '../../support/workers/annotating.ts'), [model], {
      execArgv: ['--import', 'tsx'],
      // eslint-disable-next-line no-restricted-properties -- the daemon hands its environment on in the same way
      env: { ...process.env, UV_THREADPOOL_SIZE: '12' },
    });
    await once(host, 'message');
    return new Host(host);
  }

  /** Rejects with what the job failed with. */
  async work(input: string, { onHeld, ...asked }: Partial<Asked> & { onHeld?: (reason: string | null) => void } = {}) {
    const directory = asked.directory ?? (await folder());
    const usual = { tool: 'plain', annotated: true, stallMs: 10_000, cancelAt: null } as const;
    this.#process.send({ ...usual, ...asked, input, directory } satisfies Asked);
    for (;;) {
      const [told] = (await once(this.#process, 'message')) as [Told];
      if (told.kind === 'held') onHeld?.(told.reason);
      if (told.kind === 'failed') throw Object.assign(new Error(told.message), { code: told.code });
      if (told.kind === 'done') return { ...told, directory, annotated: join(directory, productFiles.annotated) };
    }
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }
}

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'vedette-annotated-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function linesIn(directory: string): Promise<DetectionFrame[]> {
  const text = await readFile(join(directory, jobFiles.frames), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DetectionFrame);
}

/** One row for each packet or frame, one text for each entry. */
export async function table(file: string, stream: 'v:0' | 'a:0', entries: string): Promise<string[][]> {
  const args = ['-v', 'error', '-select_streams', stream, '-show_entries', entries, '-of', 'csv=p=0', file];
  const { stdout } = await run('ffprobe', args, { maxBuffer: 64 * 2 ** 20 });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map((text) => text.trim()));
}

/** Seconds at which each decoded frame is shown, on the file's own clock. */
export async function shownAt(file: string): Promise<number[]> {
  return (await table(file, 'v:0', 'frame=best_effort_timestamp_time')).map(([time]) => Number(time));
}

/** Of the first stream of this kind; null where there is none. */
export async function streamOf(file: string, stream: 'v:0' | 'a:0'): Promise<Record<string, string> | null> {
  const args = ['-v', 'error', '-select_streams', stream, '-show_entries', 'stream', '-of', 'json', file];
  const { streams } = JSON.parse((await run('ffprobe', args)).stdout) as { streams: Record<string, string>[] };
  return streams[0] ?? null;
}

/** Names of the boxes of an MP4 file, in their order. */
export async function boxesOf(file: string): Promise<string[]> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const names: string[] = [];
    const head = Buffer.alloc(16);
    for (let at = 0; at < size;) {
      await handle.read(head, 0, 16, at);
      names.push(head.toString('latin1', 4, 8));
      const length = head.readUInt32BE(0);
      at += length === 1 ? Number(head.readBigUInt64BE(8)) : length;
    }
    return names;
  } finally {
    await handle.close();
  }
}

/** The pixels of one frame, R, G and B behind each other, rows without padding. */
export async function pixelsOf(file: string, frame: number): Promise<Buffer> {
  const args = ['-v', 'error', '-i', file, '-vf', `select=eq(n\\,${frame})`, '-frames:v', '1'];
  const { stdout } = await run('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {
    encoding: 'buffer',
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}
