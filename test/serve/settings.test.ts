// What is set on the kiosk, on a real daemon: what holds at once, what after a restart, what never.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import { SettingsChange, SettingsView, type SettingView } from '../../appliance/contract/settings-api.ts';
import { readConfig } from '../../appliance/daemon/config.ts';
import { openKioskSettings } from '../../appliance/daemon/settings-part.ts';
import { settingRules } from '../../appliance/daemon/settings/rules.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';

const minute = 60_000;
const patient = { timeout: minute };
const log = pino({ level: 'silent' });

type Changed = Extract<ApplianceEvent, { kind: 'job-changed' }>;

function client(daemon: RunningDaemon) {
  const view = async (answer: Response): Promise<Map<string, SettingView>> => {
    const { settings } = SettingsView.parse(await answer.json());
    return new Map(settings.map((setting) => [setting.key, setting]));
  };
  const patch = (change: unknown) =>
    fetch(`${daemon.url}/v1/settings`, { method: 'PATCH', body: JSON.stringify(change) });
  return {
    read: async () => view(await fetch(`${daemon.url}/v1/settings`)),
    set: async (set: Record<string, unknown>, reset: string[] = []) => view(await patch({ set, reset })),
    refusal: async (set: Record<string, unknown>, reset: string[] = []) => {
      const answer = await patch({ set, reset });
      return [answer.status, await answer.text()] as const;
    },
    asked: async (path: string): Promise<unknown> => (await fetch(daemon.url + path)).json(),
  };
}

test('what is live holds at once, and all is kept for the next start', { timeout: 2 * minute }, async () => {
  const folder = tempData();
  const file = join(folder, 'vedette.yaml');
  writeFileSync(file, 'node: line-3\nstorage:\n  jobs_days: 90\nserve:\n  disk_reserve_mb: 64\n');
  const env = { VEDETTE_CONFIG: file };
  const daemon = await startDaemon({ folder, env });
  await daemon.logged('ready for jobs');
  const { read, set, asked } = client(daemon);

  const before = await read();
  expect(before.get('storage.jobs_days')).toEqual({
    ...{ key: 'storage.jobs_days', value: 90, default: null, kind: 'number', optional: true, min: 0, max: null },
    ...{ source: 'file', effect: 'live', pending: false },
  });
  expect(before.get('jobs.running')).toMatchObject({ kind: 'integer', min: 1, max: 64, source: 'default' });
  expect(before.get('serve.port')).toMatchObject({ value: 0, source: 'variable', effect: 'restart' });
  for (const never of ['serve.host', 'auth', 'mqtt.password', 'data']) expect(before.has(never)).toBe(false);

  const after = await set({
    ...{ 'storage.jobs_days': null, 'storage.uploads_mb': 500, 'serve.disk_reserve_mb': 32, 'model.confidence': 0.5 },
    ...{ node: 'line-4', log: 'debug' },
  });
  expect(after.get('storage.jobs_days')).toMatchObject({ value: null, source: 'kiosk', pending: false });
  expect(after.get('node')).toMatchObject({ value: 'line-4', source: 'kiosk', pending: true });
  const quota = { reserve_bytes: 32 * 2 ** 20, uploads: { quota_bytes: 500 * 2 ** 20 } };
  await expect.poll(() => asked('/v1/system'), { timeout: 5000 }).toMatchObject({ node: 'line-3', disk: quota });
  expect(await asked('/v1/models/demo')).toMatchObject({ settings: { confidence: 0.5 } });
  await expect.poll(() => daemon.log.some(({ level }) => level === 20)).toBe(true);
  expect(statSync(join(folder, 'settings.json')).mode & 0o777).toBe(0o600);

  expect(await daemon.stop()).toBe(0);
  const next = await startDaemon({ folder, env });
  const later = client(next);
  expect((await later.read()).get('node')).toMatchObject({ value: 'line-4', pending: false });
  expect(await later.asked('/v1/system')).toMatchObject({ node: 'line-4' });
  const reset = await later.set({}, ['node', 'storage.jobs_days']);
  expect(reset.get('node')).toMatchObject({ value: 'line-3', source: 'file', pending: true });
  expect(reset.get('storage.jobs_days')).toMatchObject({ value: 90, source: 'file', pending: false });
});

test('what does not fit is refused by name and rule, and nothing of it holds', patient, async () => {
  const daemon = await startDaemon({ env: { VEDETTE_MQTT_URL: 'off' } });
  const { read, refusal } = client(daemon);
  const refused = async (set: Record<string, unknown>, pattern: RegExp, reset: string[] = []) => {
    const [status, text] = await refusal(set, reset);
    expect(text).toMatch(pattern);
    expect(status).toBe(400);
  };
  await refused({ 'jobs.running': 0 }, /jobs\.running: .*>=1/);
  await refused({ 'jobs.running': 2.5, 'jobs.queue': 7 }, /jobs\.running: .*int/);
  await refused({ 'jobs.queue': null }, /jobs\.queue: a value is needed/);
  await refused({ log: 'loud' }, /log: .*debug/);
  await refused({ 'serve.host': '0.0.0.0' }, /serve\.host: this cannot be set on the kiosk/);
  await refused({}, /auth: this cannot be set on the kiosk/, ['auth']);
  await refused({ 'serve.port': 8080 }, /serve\.port: VEDETTE_PORT says what this is/);
  await refused({ 'mqtt.url': 'embedded' }, /mqtt\.url: VEDETTE_MQTT_URL/);
  expect((await refusal({ 'jobs.queue': { most: 3 } }))[0]).toBe(422);
  expect((await read()).get('jobs.queue')).toMatchObject({ value: 100, source: 'default' });
  expect(existsSync(join(daemon.folder, 'settings.json'))).toBe(false);
});

test('a file that is broken is set aside and told of; the appliance starts', patient, async () => {
  const folder = tempData();
  writeFileSync(join(folder, 'settings.json'), '{"jobs.queue": 0}');
  const daemon = await startDaemon({ folder });
  const { read, set, asked } = client(daemon);
  expect((await read()).get('jobs.queue')).toMatchObject({ value: 100, source: 'default' });
  expect(JSON.stringify(await asked('/v1/system'))).toMatch(/What was set on the kiosk cannot be used \(jobs\.queue/);
  expect(readdirSync(folder)).toContain('settings.json.broken');
  await set({ 'jobs.queue': 5 });
  expect(JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'))).toEqual({ 'jobs.queue': 5 });
});

test('when more jobs may run, those that wait begin; when fewer may, those that run go on', patient, async () => {
  const desk = await openDesk();
  const [first, second] = [1, 2].map(() => desk.submit({ behaviour: 'waits to be cancelled', frames: 1 }));
  const runs = (id: string | undefined) =>
    desk.until(
      (event): event is Changed =>
        event.kind === 'job-changed' && event.job.id === id && event.job.status === 'running',
    );
  await runs(first?.id);
  expect(desk.jobs.counts).toEqual({ pending: 1, running: 1 });
  desk.allowed.running = 2;
  desk.jobs.limitsChanged();
  await runs(second?.id);
  desk.allowed.running = 1;
  desk.jobs.limitsChanged();
  expect(desk.jobs.counts).toEqual({ pending: 0, running: 2 });
});

test('a password in a URL is not shown, and what is shown cannot be set', async () => {
  const data = tempData();
  const config = readConfig({ VEDETTE_CONFIG: '/dev/null', VEDETTE_DATA: data });
  const settings = await openKioskSettings(config, log);
  await settings.change(
    SettingsChange.parse({ set: { 'mqtt.url': 'mqtt://me:secret@broker.lan', 'mqtt.username': 'me' } }),
  );
  const url = () => settings.view().find(({ key }) => key === 'mqtt.url');
  expect(url()).toMatchObject({ value: 'mqtt://***@broker.lan', pending: true });
  const back = settings.change(SettingsChange.parse({ set: { 'mqtt.url': 'mqtt://***@broker.lan' } }));
  await expect(back).rejects.toMatchObject({ code: 'setting-refused' });
  await settings.change(SettingsChange.parse({ set: { 'mqtt.username': null } }));
  expect(settings.view().find(({ key }) => key === 'mqtt.username')).toMatchObject({ value: null, source: 'kiosk' });
  const next = readConfig({ VEDETTE_CONFIG: '/dev/null', VEDETTE_DATA: data });
  expect(next.mqtt).toMatchObject({ url: 'mqtt://me:secret@broker.lan' });
  expect(next.mqtt.username).toBeUndefined();
});

test('changes that come at once are all kept', async () => {
  const data = tempData();
  const config = readConfig({ VEDETTE_CONFIG: '/dev/null', VEDETTE_DATA: data });
  const settings = await openKioskSettings(config, log);
  const keys = ['jobs.queue', 'storage.jobs_kept', 'storage.inputs_kept', 'storage.backups_kept'];
  await Promise.all(keys.map((key, at) => settings.change({ set: { [key]: at + 1 }, reset: [] })));
  expect(settings.now).toMatchObject({
    jobs: { queue: 1 },
    storage: { jobs_kept: 2, inputs_kept: 3, backups_kept: 4 },
  });
  expect(JSON.parse(readFileSync(join(data, 'settings.json'), 'utf8'))).toEqual(
    Object.fromEntries(keys.map((key, at) => [key, at + 1])),
  );
});

test.each([
  ['no JSON', '{"jobs.queue"'],
  ['a key that the kiosk may not set', '{"serve.host": "0.0.0.0"}'],
  ['a list', '[1]'],
  ['too much', JSON.stringify({ node: 'x'.repeat(70_000) })],
])('of a file with %s nothing holds', (_, text) => {
  const data = tempData();
  writeFileSync(join(data, 'settings.json'), text);
  const config = readConfig({ VEDETTE_DATA: data });
  expect(config.kioskBroken).not.toBeNull();
  expect(config.serve.host).toBe('127.0.0.1');
});

test('a variable stands above the kiosk, the kiosk above the file', () => {
  const data = tempData();
  const file = join(data, 'vedette.yaml');
  writeFileSync(file, 'node: file\nserve:\n  port: 1001\n');
  writeFileSync(join(data, 'settings.json'), '{"node": "kiosk", "serve.port": 1002}');
  const config = readConfig({ VEDETTE_CONFIG: file, VEDETTE_DATA: data, VEDETTE_PORT: '1003' });
  expect([config.node, config.serve.port]).toEqual(['kiosk', 1003]);
});

test('every offered setting has a rule that the schema knows', () => {
  const rules = settingRules();
  expect(rules.map(({ key }) => key)).toContain('mqtt.username');
  expect(rules.find(({ key }) => key === 'model.iou')).toMatchObject({ kind: 'number', min: 0, max: 1 });
});
