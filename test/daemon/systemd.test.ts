// What systemd hears of the daemon: ready when it can work, alive after each check of itself, stopping when it leaves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';

/** Node opens no unix datagram sockets, so systemd's side is a few lines of Python. */
const ear = `
import socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
print('open', flush=True)
while True: print(heard.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

async function listen(path: string): Promise<string[]> {
  const python = spawn('python3', ['-c', ear, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void python.kill());
  const heard: string[] = [];
  const lines = createInterface({ input: python.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => heard.push(line));
  return heard;
}

test('systemd hears that the daemon is ready, alive and stopping, in this order', async () => {
  const notifySocket = join(tempData(), 'notify');
  const heard = await listen(notifySocket);
  const daemon = await startDaemon({ env: { NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: '400000' } });
  await daemon.logged('ready for jobs');
  const alive = () => heard.filter((message) => message.includes('WATCHDOG=1')).length;
  await expect.poll(alive).toBeGreaterThan(2);
  expect(heard[0]).toContain('READY=1');
  expect(await daemon.stop()).toBe(0);
  await expect.poll(() => heard.at(-1)).toContain('STOPPING=1');
});
