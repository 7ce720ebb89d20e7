// A restart that is asked for: only where something starts the daemon again, with a code on which systemd does, in order.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSupervision, restartExit } from '../../appliance/daemon/supervision.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const unit = readFileSync(new URL('../../systemd/vedette.service', import.meta.url), 'utf8');

async function askToRestart(url: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${url}/v1/system/restart`, { method: 'POST' });
  return { status: answer.status, body: await answer.json() };
}

test('our unit restarts a daemon that leaves for a restart', () => {
  expect(unit).toMatch(/^Restart=on-failure$/m);
  expect(restartExit).not.toBe(0);
  const never = /^RestartPreventExitStatus=(.*)$/m.exec(unit)?.[1]?.split(' ');
  expect(never).not.toContain(String(restartExit));
});

test('a variable that was only inherited from a service promises nothing', () => {
  expect(readSupervision({}).restarts).toBe(false);
  expect(readSupervision({ INVOCATION_ID: 'a1' }).restarts).toBe(false);
  const meantFor = (pid: number) =>
    readSupervision({ INVOCATION_ID: 'a1', NOTIFY_SOCKET: '/run/x', SYSTEMD_EXEC_PID: String(pid) }).restarts;
  expect(meantFor(1)).toBe(false);
  expect(meantFor(process.pid)).toBe(true);
  expect(meantFor(process.ppid)).toBe(true);
  expect(readSupervision({ NOTIFY_SOCKET: '/run/x' }).restarts).toBe(true);
});

test('under systemd the daemon leaves in order, and its running job goes on in the next one', async () => {
  const folder = tempData();
  const env = { NOTIFY_SOCKET: join(folder, 'nobody-listens') };
  const first = await startDaemon({ folder, env });
  await first.logged('ready for jobs');
  const form = new FormData();
  form.set('file', new Blob([readFileSync(sample)]), 'sample.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const submitted = await fetch(`${first.url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  const { job_id: id } = (await submitted.json()) as { job_id: string };
  const jobAt = async ({ url }: RunningDaemon) =>
    (await (await fetch(`${url}/v1/video/status/${id}`)).json()) as { status: string; progress: number };
  const patience = { timeout: 60_000 };
  await expect.poll(() => jobAt(first), patience).toMatchObject({ status: 'running' });
  const { progress } = await jobAt(first);
  const left = new Promise((resolve) => first.child.once('exit', resolve));
  expect(await askToRestart(first.url)).toEqual({ status: 202, body: { restarting: true } });
  expect(await left).toBe(restartExit);
  expect(first.log.find(({ msg }) => msg === 'restarting')).toMatchObject({ code: restartExit });
  const second = await startDaemon({ folder, env });
  expect(second.log.find(({ msg }) => msg === 'unfinished jobs queued again')).toMatchObject({ jobs: 1 });
  // A busy machine takes its time for the whole of it; that it ends well is for the tests of survival.
  await expect.poll(async () => (await jobAt(second)).status, patience).not.toBe('pending');
  const { status, progress: later } = await jobAt(second);
  expect(['running', 'completed']).toContain(status);
  expect(later).toBeGreaterThanOrEqual(progress);
}, 180_000);

test('where nothing would start it again it stays, and says who must do it and how', async () => {
  const daemon = await startDaemon();
  const { status, body } = await askToRestart(daemon.url);
  expect(status).toBe(409);
  expect(body).toEqual({ detail: expect.stringMatching(/systemctl restart vedette/) as string });
  expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
  expect(await daemon.stop()).toBe(0);
}, 60_000);
