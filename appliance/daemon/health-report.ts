// How each part of the appliance fares, put together from what the parts say of themselves. Pure.
import type { DiskView, SystemView } from '../contract/api.ts';
import type { FaultCode } from '../contract/fault.ts';
import type { ModelCard, Provider } from '../contract/frame.ts';
import type { Addresses, BackupView, Health, HealthPart } from '../contract/system-api.ts';
import { say } from './health-sentence.ts';
import { type Shortage, shortages } from './storage/levels.ts';

/** A complaint: an English sentence while something is wrong, else null. */
type Complaint = string | null;

export interface HealthFacts {
  readonly worker: {
    readonly fault: { readonly code: FaultCode; readonly message: string } | null;
    readonly counts: SystemView['jobs'];
  };
  readonly model: {
    /** Of the one that workers are made of. */
    readonly name: string;
    /** Null until a worker has loaded it. */
    readonly card: ModelCard | null;
    readonly building: { readonly provider: Provider } | null;
    readonly complaint: Complaint;
  };
  /** `rescued`: of this start; `unwritable`: of now. */
  readonly database: { readonly rescued: Complaint; readonly unwritable: Complaint };
  readonly disk: { readonly view: DiskView | null; readonly complaint: Complaint };
  readonly mqtt: { readonly state: SystemView['mqtt']; readonly url: string; readonly complaint: Complaint };
  readonly backups: { readonly wanted: boolean; readonly made: readonly BackupView[]; readonly complaint: Complaint };
  readonly network: Addresses & { readonly loopback: boolean };
  /** °C; null where there is no sensor. */
  readonly temperature: number | null;
}

/** What keeps the model, and not the worker, from working. */
const modelFaults: readonly FaultCode[] = ['model-missing', 'model-invalid', 'provider-unavailable'];
const anyShortage: readonly Shortage[] = ['reserve', 'artifacts', 'uploads'];
/** A disk with less than so many times its reserve fills up soon. */
const filling = 2;
/** Jetson modules and x86 processors slow themselves down between 95 and 105 °C. */
const hot = { warning: 85, critical: 95 };

export function reportHealth(facts: HealthFacts): Health {
  const { worker, model, database, disk, mqtt, backups, network, temperature } = facts;
  return {
    parts: [
      workerHealth(worker, model),
      modelHealth(worker, model),
      databaseHealth(database),
      diskHealth(disk),
      mqttHealth(mqtt),
      backupsHealth(backups),
      networkHealth(network),
      ...(temperature === null ? [] : [temperatureHealth(temperature)]),
    ],
  };
}

function workerHealth({ fault, counts }: HealthFacts['worker'], { card }: HealthFacts['model']): HealthPart {
  if (fault && modelFaults.includes(fault.code)) return say('worker-without-model', {});
  if (fault) return say('worker-failed', { reason: fault.message });
  if (counts.running > 0) return say('worker-busy', counts);
  return card ? say('worker-ready', {}) : say('worker-starting', {});
}

function modelHealth({ fault }: HealthFacts['worker'], facts: HealthFacts['model']): HealthPart {
  const { name: model, card, building, complaint } = facts;
  if (fault && modelFaults.includes(fault.code)) return say('model-failed', { model, reason: fault.message });
  if (complaint !== null) return say('model-settings-wrong', { model, reason: complaint });
  if (!card) return say('model-loading', { model });
  const { provider } = card;
  return building
    ? say('model-building', { model, provider, building: building.provider })
    : say('model-ready', { model, provider });
}

function databaseHealth({ rescued, unwritable }: HealthFacts['database']): HealthPart {
  if (unwritable !== null) return say('database-not-writable', { reason: unwritable });
  return rescued === null ? say('database-ok', {}) : say('database-rescued', { reason: rescued });
}

function diskHealth({ view, complaint }: HealthFacts['disk']): HealthPart {
  if (view?.state === 'low') return shortDisk(view);
  if (complaint !== null) return say('disk-unreadable', { reason: complaint });
  if (!view) return say('disk-measuring', {});
  const { free_bytes, reserve_bytes } = view;
  return free_bytes < reserve_bytes * filling
    ? say('disk-filling', { free_bytes, reserve_bytes })
    : say('disk-ok', { free_bytes });
}

/** The gravest of what is short, or was and has not quite ended. */
function shortDisk({ free_bytes, reserve_bytes, uploads, artifacts, backups }: DiskView): HealthPart {
  const now = { free: free_bytes, uploads: uploads.bytes, artifacts: artifacts.bytes, backups: backups.bytes };
  const limits = { reserve: reserve_bytes, uploads: uploads.quota_bytes, artifacts: artifacts.quota_bytes };
  const [gravest = 'reserve'] = [...shortages(now, limits, []), ...shortages(now, limits, anyShortage)];
  switch (gravest) {
    case 'reserve':
      return say('disk-low', { free_bytes, reserve_bytes });
    case 'artifacts':
      return say('disk-results-full', { used_bytes: artifacts.bytes, quota_bytes: artifacts.quota_bytes ?? 0 });
    case 'uploads':
      return say('disk-videos-full', { used_bytes: uploads.bytes, quota_bytes: uploads.quota_bytes ?? 0 });
    default:
      return gravest satisfies never;
  }
}

function mqttHealth({ state: { mode, connected }, url: broker, complaint }: HealthFacts['mqtt']): HealthPart {
  switch (mode) {
    case 'off':
      return say('mqtt-off', {});
    case 'embedded':
      if (complaint !== null) return say('mqtt-broker-failed', { reason: complaint });
      return connected ? say('mqtt-embedded', {}) : say('mqtt-connecting', { broker });
    case 'external':
      if (complaint !== null) return say('mqtt-away', { broker });
      return connected ? say('mqtt-connected', { broker }) : say('mqtt-connecting', { broker });
    default:
      return mode satisfies never;
  }
}

function backupsHealth({ wanted, made, complaint }: HealthFacts['backups']): HealthPart {
  const [newest] = made;
  if (complaint !== null) return say('backups-failed', { reason: complaint });
  if (!wanted) return say('backups-off', {});
  return newest ? say('backups-made', { made_at: newest.made_at, count: made.length }) : say('backups-none', {});
}

function networkHealth({ urls: [url], locked, loopback }: HealthFacts['network']): HealthPart {
  if (loopback) return say('network-local', {});
  if (url === undefined) return say('network-down', {});
  return locked ? say('network-locked', { url }) : say('network-open', { url });
}

function temperatureHealth(celsius: number): HealthPart {
  const values = { temperature_c: celsius };
  if (celsius >= hot.critical) return say('temperature-critical', values);
  return celsius >= hot.warning ? say('temperature-high', values) : say('temperature-ok', values);
}
