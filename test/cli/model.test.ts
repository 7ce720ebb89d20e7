// `vedette model` as a process of its own, against a real daemon.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ModelHouse } from '../models/model-house.ts';
import { program } from '../support/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function vedette(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { entry, execArgv } = program('cli/main');
  // eslint-disable-next-line no-restricted-properties -- the child needs a PATH; settings are given here
  const env = { PATH: process.env['PATH'], VEDETTE_CONFIG: '/dev/null' };
  return new Promise((resolve) => {
    execFile(process.execPath, [...execArgv, entry, ...args], { cwd: root, env }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

it('lists what is there, marks what is in use, and changes it', { timeout: 60_000 }, async () => {
  const house = new ModelHouse();
  house.put('junk', 'this is no network');
  await house.start();
  for (const name of ['first', 'junk', 'second']) await house.seen(name);
  const { url } = house.daemon;
  const listed = await vedette('model', 'list', '--url', url);
  expect(listed.out.split('\n')).toEqual([
    expect.stringMatching(/^\* first {3}0\.0 MB, 3 classes, 64×64, cpu$/),
    expect.stringMatching(
      /^ {2}junk {4}0\.0 MB, cannot be used: .*not a readable ONNX file: not a protobuf message\.$/,
    ),
    expect.stringMatching(/^ {2}second {2}0\.0 MB, 3 classes, 64×64, cpu$/),
    '',
  ]);
  const used = await vedette('model', 'use', '--url', url, 'second');
  expect([used.code, used.out]).toEqual([0, 'second is in use: 0.0 MB, 3 classes, 64×64, cpu\n']);
  expect(await house.inUse()).toEqual(['second']);
  const refused = await vedette('model', 'use', '--url', url, 'junk');
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('not a readable ONNX file') as string });
  expect(await vedette('model', 'use', '--url', url, 'nobody')).toMatchObject({
    code: 1,
    err: 'vedette: There is no model nobody\n',
  });
});
