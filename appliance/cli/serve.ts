// `vedette serve`: the daemon in the foreground, as a supervisor would run it.
import { spawn } from 'node:child_process';
import { daemonEntry } from './installation.ts';
import { Interrupt } from './interrupt.ts';

/** Returns the daemon's exit code. */
export async function serve(): Promise<number> {
  // A process group of its own: a terminal's Ctrl-C would otherwise reach the daemon twice, directly and from here.
  // A channel, which nothing is sent on: the daemon leaves when it closes, should this process be killed.
  const child = spawn(process.execPath, [...process.execArgv, daemonEntry], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const interrupt = new Interrupt(() => child.kill('SIGKILL'));
    interrupt.signal.addEventListener('abort', () => child.kill('SIGTERM'));
    child.once('error', reject);
    child.once('exit', (code) => {
      interrupt.close();
      resolve(code ?? 137);
    });
  });
}
