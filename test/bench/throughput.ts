// Frames a second of whole jobs, against the bare loop and the bare decoder, in turns so that a noisy machine hits both.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Appliance } from './appliance.ts';
import { atLeast, type Figure, runs } from './figures.ts';

const exec = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

export interface Contest {
  readonly models: string;
  readonly model: string;
  readonly video: string;
  /** Null: as the worker chooses. */
  readonly threads: number | null;
  /** Frames of the bare loop. */
  readonly bareFrames: number;
  readonly againstDecoder: boolean;
}

export async function contest(name: string, goal: number, options: Contest): Promise<Figure> {
  const { models, model, video, bareFrames, againstDecoder } = options;
  const appliance = await Appliance.start({ model: { folder: models, name: model, threads: options.threads } });
  const threads = await appliance.threads();
  const title = `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${options.threads === null ? ' (the default)' : ''}`;
  const ratios: number[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      const bare = await bareFps(join(models, `${model}.onnx`), threads, bareFrames);
      const { frames, seconds } = await appliance.run(video);
      const limits = againstDecoder ? [bare, await decodeFps(video, frames)] : [bare];
      ratios.push(frames / seconds / Math.min(...limits));
      process.stderr.write(
        `  ${title}: job ${(frames / seconds).toFixed(1)} fps, ` +
          `bare ${limits.map((fps) => fps.toFixed(1)).join(', decoder ')} fps\n`,
      );
    }
  } finally {
    await appliance.stop();
  }
  return atLeast(title, ratios, goal);
}

async function bareFps(model: string, threads: number, frames: number): Promise<number> {
  const bare = [
    '--import',
    'tsx',
    join(here, 'bare.ts'),
    `--model=${model}`,
    `--threads=${threads}`,
    `--frames=${frames}`,
  ];
  const { stdout } = await exec(process.execPath, bare);
  return Number(stdout);
}

async function decodeFps(video: string, frames: number): Promise<number> {
  const started = performance.now();
  await exec('gst-launch-1.0', ['-q', 'filesrc', `location=${video}`, '!', 'decodebin', '!', 'fakesink', 'sync=false']);
  return (frames * 1000) / (performance.now() - started);
}
