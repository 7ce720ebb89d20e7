// Where and on what the benchmark ran.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

const exec = promisify(execFile);
const Package = z.object({ version: z.string() });

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly onnxruntime: string;
  readonly gstreamer: string;
}

export async function describeMachine(): Promise<Machine> {
  const ort = await readFile(new URL('../../node_modules/onnxruntime-node/package.json', import.meta.url), 'utf8');
  const gst = await exec('gst-launch-1.0', ['--version']).catch(() => ({ stdout: '' })); // told as unknown
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    onnxruntime: Package.parse(JSON.parse(ort)).version,
    gstreamer: /GStreamer ([\d.]+)/.exec(gst.stdout)?.[1] ?? 'unknown',
  };
}

/** Short, with `-dirty` where files differ from it; `unknown` outside a checkout. */
export async function describeCommit(): Promise<string> {
  try {
    const { stdout: commit } = await exec('git', ['rev-parse', '--short', 'HEAD']);
    const { stdout: changes } = await exec('git', ['status', '--porcelain']);
    return commit.trim() + (changes.trim() === '' ? '' : '-dirty');
  } catch {
    return 'unknown'; // no git, or not a checkout
  }
}
