// The lock on a data folder: held once, and free again when its holder is killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdLock } from '../../appliance/daemon/record/lock.ts';
import { spawnDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';

test('a second daemon on the same data folder refuses to start, and touches nothing', async () => {
  const first = await startDaemon();
  const second = spawnDaemon({ folder: first.folder });
  expect(await second.exited).toBe(73);
  expect(second.stderr()).toMatch(/Another Vedette uses this data folder/);
  expect(await first.stop()).toBe(0);
});

test('the lock is free again after its holder was killed', async () => {
  const file = join(tempData(), 'lock');
  const code = `import('./appliance/daemon/record/lock.ts').then(({ holdLock }) => { holdLock('${file}'); console.log('held'); setInterval(() => 0, 1e6); })`;
  const holder = spawn(process.execPath, ['--import', 'tsx', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(() => holdLock(file)).toThrow('Another Vedette');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  holdLock(file).close();
});
