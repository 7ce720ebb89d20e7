// `vedette model check` as a person runs it: the real command, model, worker's program and pictures.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readArguments, UsageError } from '../../appliance/cli/arguments.ts';
import { probeStill } from '../../appliance/worker/ingest/still.ts';
import { program } from '../support/program.ts';
import { tempData } from '../support/temp-data.ts';
import { noFfmpeg } from '../support/worker-media.ts';

vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const model = join(root, 'models/demo.onnx');
const sample = join(root, 'models/demo/sample.mp4');

async function check(...args: string[]) {
  const { entry, execArgv } = program('cli/main');
  const child = spawn(process.execPath, [...execArgv, entry, 'model', 'check', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // eslint-disable-next-line no-restricted-properties -- the child needs a PATH; settings are given here
      PATH: process.env['PATH'],
      VEDETTE_CONFIG: '/dev/null',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, err, code: child.exitCode };
}

describe('vedette model check', () => {
  it('tells of a model what it is, who runs it, who does not and why, and how fast', async () => {
    const { out, err, code } = await check(model);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/can be used\.$/m);
    expect(out).toMatch(/^ {2}sha256 +[0-9a-f]{64}$/m);
    expect(out).toMatch(/^ {2}input +images float32 \[1, 3, 320, 320\], 320 × 320 pixels$/m);
    expect(out).toMatch(/^ {2}classes +4: bottle, can, box, ball$/m);
    expect(out).toMatch(/^ {2}task +detect, stride 32$/m);
    expect(out).toMatch(/^ {2}provider +(cpu, \d+ threads?|tensorrt|cuda|webgpu)$/m);
    expect(out.match(/^ {2}refused /gm)?.length ?? 0).toBe(out.match(/^ +→ /gm)?.length ?? 0);
    expect(out).toMatch(/^ {2}speed +\d+\.\d ms a frame of 1280 × 720, the median of 9 runs$/m);
  });

  it.skipIf(noFfmpeg !== null)(
    `lists what it sees in a picture, and draws it${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`,
    async () => {
      const folder = tempData();
      const [picture, drawn] = [join(folder, `it's "one".jpg`), join(folder, 'drawn.png')];
      execFileSync('ffmpeg', ['-v', 'error', '-ss', '3', '-i', sample, '-frames:v', '1', '-q:v', '2', picture]);
      const { out, code } = await check(model, '--image', picture, '--out', drawn);
      expect(code).toBe(0);
      expect(out).toMatch(/^\d+ objects in the picture:$/m);
      expect(out).toMatch(/^ {2}0\.\d\d (bottle|can|box|ball) from \d+, \d+ to \d+, \d+$/m);
      expect(out).toContain(`The picture with their boxes: ${drawn}\n`);
      expect((await probeStill(drawn)).info).toMatchObject({ container: 'png', width: 1280, height: 720 });
      // Other pixels than before, and not too many.
      const raw = (file: string) =>
        execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'], {
          maxBuffer: 2 ** 24,
        });
      const [before, after] = [raw(picture), raw(drawn)];
      const changed = before.reduce((sum, value, at) => sum + (Math.abs(value - (after[at] ?? 0)) > 40 ? 1 : 0), 0);
      expect(changed / before.length).toBeGreaterThan(0.005);
      expect(changed / before.length).toBeLessThan(0.2);
    },
  );

  it.each<[string, (folder: string) => string[], RegExp]>([
    ['a file that is not there', (folder) => [join(folder, 'gone.onnx')], /gone\.onnx: The model "gone" is not there/],
    ['a file that is no model', (folder) => [written(folder, 'no.onnx')], /is not a readable ONNX file/],
    [
      'a file that is no picture',
      (folder) => [model, '--image', written(folder, 'no.png'), '--out', join(folder, 'out.png')],
      /neither a PNG nor a JPEG/,
    ],
  ])('says what is wrong with %s, writes nothing, and leaves with 1', async (_, args, reason) => {
    const folder = tempData();
    const { out, err, code } = await check(...args(folder));
    expect({ out, code }).toEqual({ out: '', code: 1 });
    expect(err).toMatch(reason);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'out.png'))).toBe(false);
  });

  it('does not understand an --out without a picture, or no file', () => {
    expect(() => readArguments(['model', 'check', '--out', 'a.png', 'm.onnx'])).toThrow(UsageError);
    expect(() => readArguments(['model', 'check'])).toThrow(UsageError);
    expect(readArguments(['model', 'check', 'm.onnx', '--image', 'a.png'])).toEqual({
      ...{ kind: 'model', action: 'check', file: 'm.onnx', image: 'a.png', out: undefined },
    });
  });
});

function written(folder: string, name: string): string {
  const file = join(folder, name);
  writeFileSync(file, 'plain words '.repeat(100));
  expect(readFileSync(file).length).toBe(1200);
  return file;
}
