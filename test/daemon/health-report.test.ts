// What is said of each part, in every state that it can be in.
import { expect, test } from 'vitest';
import type { DiskView } from '../../appliance/contract/api.ts';
import { Health, type HealthPart } from '../../appliance/contract/system-api.ts';
import { type HealthFacts, reportHealth } from '../../appliance/daemon/health-report.ts';
import { healthWords } from '../../appliance/daemon/health-words.ts';

const mb = 2 ** 20;
const card = {
  ...{
    name: 'demo',
    sha256: '0'.repeat(64),
    provider: 'cpu',
    task: 'detect',
    classes: ['dot'],
    width: 640,
    height: 640,
  },
} as unknown as NonNullable<HealthFacts['model']['card']>;
const backup = { name: 'vedette-x.db', bytes: 1, made_at: '2026-03-01T03:00:05.000Z' };

function diskWith(view: Partial<DiskView> = {}): DiskView {
  const held = { bytes: 10 * mb, quota_bytes: null };
  const room = { state: 'ok', free_bytes: 9000 * mb, reserve_bytes: 1000 * mb } as const;
  return { ...room, uploads: held, artifacts: held, backups: held, ...view };
}

const well: HealthFacts = {
  worker: { fault: null, counts: { pending: 0, running: 0 } },
  model: { name: 'demo', card, building: null, complaint: null },
  database: { rescued: null, unwritable: null },
  disk: { view: diskWith(), complaint: null },
  mqtt: { state: { mode: 'embedded', connected: true }, url: 'mqtt://127.0.0.1:1883', complaint: null },
  backups: { wanted: true, made: [backup], complaint: null },
  network: { urls: ['http://192.168.1.20:8000'], locked: true, loopback: false },
  temperature: 48.2,
};

const low = (view: Partial<DiskView>) => ({ view: diskWith({ state: 'low', ...view }), complaint: 'low' });
const broker = { mode: 'external', connected: false } as const;
const url = 'mqtt://broker.lan';

/** Facts that differ from all being well, and the code that says so. */
const cases: readonly (readonly [code: keyof typeof healthWords, facts: Partial<HealthFacts>])[] = [
  ['worker-ready', {}],
  ['worker-busy', { worker: { fault: null, counts: { pending: 2, running: 1 } } }],
  ['worker-starting', { model: { ...well.model, card: null } }],
  ['worker-failed', { worker: { ...well.worker, fault: { code: 'worker-died', message: 'It died.' } } }],
  ['worker-without-model', { worker: { ...well.worker, fault: { code: 'model-invalid', message: 'Broken.' } } }],
  ['model-ready', {}],
  ['model-building', { model: { ...well.model, building: { provider: 'tensorrt' } } }],
  ['model-loading', { model: { ...well.model, card: null } }],
  ['model-failed', { worker: { ...well.worker, fault: { code: 'provider-unavailable', message: 'No GPU.' } } }],
  ['model-settings-wrong', { model: { ...well.model, complaint: 'No such class.' } }],
  ['database-ok', {}],
  ['database-rescued', { database: { rescued: 'It was damaged.', unwritable: null } }],
  ['database-not-writable', { database: { rescued: 'It was damaged.', unwritable: 'Full.' } }],
  ['disk-ok', {}],
  ['disk-measuring', { disk: { view: null, complaint: null } }],
  ['disk-filling', { disk: { view: diskWith({ free_bytes: 1500 * mb }), complaint: null } }],
  ['disk-low', { disk: low({ free_bytes: 900 * mb }) }],
  ['disk-low', { disk: low({ free_bytes: 1020 * mb }) }],
  ['disk-results-full', { disk: low({ artifacts: { bytes: 20 * mb, quota_bytes: 15 * mb } }) }],
  ['disk-videos-full', { disk: low({ uploads: { bytes: 20 * mb, quota_bytes: 15 * mb } }) }],
  ['disk-unreadable', { disk: { view: diskWith(), complaint: 'It is gone.' } }],
  ['mqtt-off', { mqtt: { state: { mode: 'off', connected: false }, url: 'off', complaint: null } }],
  ['mqtt-embedded', {}],
  ['mqtt-connected', { mqtt: { state: { ...broker, connected: true }, url, complaint: null } }],
  ['mqtt-connecting', { mqtt: { state: broker, url, complaint: null } }],
  ['mqtt-away', { mqtt: { state: broker, url, complaint: 'It is away.' } }],
  ['mqtt-broker-failed', { mqtt: { state: { mode: 'embedded', connected: false }, url, complaint: 'Port taken.' } }],
  ['backups-off', { backups: { wanted: false, made: [], complaint: null } }],
  ['backups-none', { backups: { wanted: true, made: [], complaint: null } }],
  ['backups-made', {}],
  ['backups-failed', { backups: { wanted: true, made: [backup], complaint: 'No room.' } }],
  ['network-local', { network: { urls: [], locked: true, loopback: true } }],
  ['network-locked', {}],
  ['network-open', { network: { ...well.network, locked: false } }],
  ['network-down', { network: { ...well.network, urls: [] } }],
  ['temperature-ok', {}],
  ['temperature-high', { temperature: 85 }],
  ['temperature-critical', { temperature: 101 }],
];

function partSaid(code: keyof typeof healthWords, facts: Partial<HealthFacts>): HealthPart | undefined {
  const { parts } = Health.parse(reportHealth({ ...well, ...facts }));
  return parts.find(({ part }) => part === healthWords[code].part);
}

test.each(cases)('%s', (code, facts) => {
  const said = partSaid(code, facts);
  expect(said?.code).toBe(code);
  expect(said?.sentence).not.toMatch(/[{}]|undefined|NaN/);
  const inBraces = [...healthWords[code].sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  expect(Object.keys(said?.values ?? {})).toEqual(expect.arrayContaining(inBraces));
  if (said?.state === 'bad' || said?.state === 'warning') expect(said.remedy).not.toBeNull();
});

test('nothing is in the table of words that is never said', () => {
  expect(new Set(cases.map(([code]) => code))).toEqual(new Set(Object.keys(healthWords)));
});

test('values stand in the sentences in the units that people read', () => {
  expect(partSaid('disk-ok', {})?.sentence).toBe('There is room for more videos: 9.44 GB are free.');
  expect(partSaid('temperature-ok', {})?.sentence).toBe('The temperature is fine: 48 °C.');
  expect(partSaid('backups-made', {})?.sentence).toBe(
    'The last backup of the database was made on 2026-03-01 03:00 UTC. Backups kept: 1.',
  );
});

test('a machine without a sensor has no temperature to speak of', () => {
  expect(partSaid('temperature-ok', { temperature: null })).toBeUndefined();
});
