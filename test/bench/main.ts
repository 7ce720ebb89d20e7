// `npm run bench`: measures the product as a user runs it, and prints one table. Ratios within one run; no timed tests.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { endurance } from './endurance.ts';
import { atMost, type Figure, runs } from './figures.ts';
import { firstProgress, startToHealthy } from './latency.ts';
import { contest } from './throughput.ts';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const sample = join(root, 'models/demo/sample.mp4');
/** Real videos and a real YOLOv8n that are not part of the project. */
// eslint-disable-next-line no-restricted-properties -- the benchmark's own setting
const real = process.env['VEDETTE_REAL'] ?? join(root, '../shared/real');

const scratch = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
const say = (text: string) => process.stderr.write(`${text}\n`);

async function measure(): Promise<Figure[]> {
  const figures: Figure[] = [];
  if (existsSync(join(real, 'yolov8n.onnx'))) {
    say('YOLOv8n job against bare session.run');
    const video = join(scratch, 'real.mp4');
    const cut = [
      '-v',
      'error',
      '-i',
      join(real, 'one-by-one-person-detection.mp4'),
      '-frames:v',
      '150',
      '-c',
      'copy',
      video,
    ];
    await exec('ffmpeg', cut);
    for (const threads of [1, null]) {
      const options = { models: real, model: 'yolov8n', video, threads, bareFrames: 100, againstDecoder: false };
      figures.push(await contest('YOLOv8n job fps ÷ bare session.run fps', 0.9, options));
    }
  } else say(`skipped: YOLOv8n, since ${real} is not there (set VEDETTE_REAL)`);

  say('demo clip against bare session.run and decode alone');
  const options = {
    models: join(root, 'models'),
    model: 'demo',
    video: sample,
    threads: null,
    bareFrames: 500,
    againstDecoder: true,
  };
  figures.push(await contest('demo clip fps ÷ lower of bare session.run and decode alone', 0.75, options));
  say('first progress');
  figures.push(...(await firstProgress(sample)));
  say('10,000 frames');
  const long = join(scratch, 'long.mp4');
  await exec('ffmpeg', ['-v', 'error', '-stream_loop', '32', '-i', sample, '-c', 'copy', long]);
  figures.push(...(await endurance(long)));
  say('start');
  figures.push(await startToHealthy(), await bundle());
  return figures;
}

async function bundle(): Promise<Figure> {
  const dist = join(root, 'ui/dist');
  const files = (await readdir(dist, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(join(file.parentPath, file.name))).length),
  );
  return atMost('UI bundle, gzip', [sizes.reduce((a, b) => a + b, 0) / 1024], 120, 'KB');
}

try {
  const figures = await measure();
  const [cpu] = cpus();
  const lines = figures.map(
    ({ name, goal, measured, met }) => `| ${name} | ${goal} | ${measured} | ${met ? 'yes' : 'NO'} |`,
  );
  process.stdout.write(
    [
      `${cpu?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}; medians of ${runs} (lowest..highest)`,
      '',
      '| figure | goal | measured | met |',
      '|---|---|---|---|',
      ...lines,
      '',
    ].join('\n'),
  );
} finally {
  await rm(scratch, { recursive: true, force: true });
}
