// `vedette tune`: which numbers of threads are tried, what is said of them, and one real run.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../appliance/cli/arguments.ts';
import { demoVideo } from '../../appliance/cli/installation.ts';
import { candidates, describe as describeTuning, tuneThreads } from '../../appliance/cli/tune.ts';
import { program } from '../support/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

describe('tune', () => {
  it('takes the configured model and the bundled clip unless told otherwise', () => {
    const tune = { kind: 'tune', model: undefined, video: undefined, frames: 150 };
    expect(readArguments(['tune'])).toEqual(tune);
    expect(readArguments(['tune', '--model', 'yolov8n', '--frames', '60', '--video', 'a.mp4'])).toEqual({
      kind: 'tune',
      model: 'yolov8n',
      video: 'a.mp4',
      frames: 60,
    });
    expect(() => readArguments(['tune', '--frames', '3'])).toThrow('--frames takes a number from 20 on');
    expect(() => readArguments(['tune', '--frames', 'many'])).toThrow('--frames takes a number from 20 on');
  });

  it('tries every number of threads of a small machine, fewer of a large one, and always the default', () => {
    expect(candidates(1, 1)).toEqual([1]);
    expect(candidates(4, 3)).toEqual([1, 2, 3, 4]);
    expect(candidates(14, 13)).toEqual([1, 2, 3, 4, 6, 8, 12, 13, 14]);
  });

  const tuning = (one: number[], two: number[]) =>
    describeTuning('yolov8n', {
      chosen: 1,
      provider: 'cpu',
      fps: new Map([
        [1, one],
        [2, two],
      ]),
    });

  it('names the setting that is at least 5 % faster than the default', () => {
    expect(tuning([14, 13.9, 14.2], [17.9, 18, 18.3])).toBe(
      [
        'yolov8n on cpu; frames a second, medians of 3 (lowest..highest)',
        '',
        'threads    frames/s',
        '      1      14.0  (13.9..14.2)  the default',
        '      2      18.0  (17.9..18.3)',
        '',
        'A setting of 2 threads is 29 % faster than the default. In vedette.yaml:',
        '',
        'model:',
        '  threads: 2',
        '',
      ].join('\n'),
    );
  });

  it('leaves a default alone that is nearly as fast as the best', () => {
    expect(tuning([100, 101, 99], [104, 103, 104.5])).toContain('there is nothing to set');
  });

  it('times the real worker with every number of threads', { timeout: 180_000 }, async () => {
    const model = join(root, 'models/demo.onnx');
    const { signal } = new AbortController();
    const runtime = { binding: null, tensorrtOptions: {}, engines: null };
    const trial = { model, providers: ['cpu'] as const, runtime, video: demoVideo, frames: 20, signal };
    const { chosen, provider, fps } = await tuneThreads(trial, 1, () => undefined);
    expect(provider).toBe('cpu');
    expect([...fps.keys()]).toEqual(candidates(availableParallelism(), chosen));
    for (const [found] of fps.values()) expect(found).toBeGreaterThan(1);
  });

  const { entry, execArgv } = program('cli/main');
  const cli = (...args: string[]) => execute(process.execPath, [...execArgv, entry, ...args], { cwd: root });

  it('says what is not there, and why a video cannot be timed', { timeout: 60_000 }, async () => {
    await expect(cli('tune', '--model', 'nothing')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing.onnx is not there') as string,
    });
    await expect(cli('tune', '--model', 'demo', '--video', 'package.json')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^vedette: (?!.*\n {4}at)/m) as string,
    });
  });
});
