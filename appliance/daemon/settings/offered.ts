// Which settings a person may change on the kiosk, and from when on each holds. Exposure and secrets are not among them:
// these are the operator's to decide, in the file.

interface Offer {
  /** `live`: holds at once; `restart`: from the next start on. */
  readonly effect: 'live' | 'restart';
  /** What null means: a value of its own, that the setting is left out, or nothing. */
  readonly empty: 'null' | 'absent' | null;
}

const live: Offer = { effect: 'live', empty: null };
const bound: Offer = { effect: 'live', empty: 'null' };
const restart: Offer = { effect: 'restart', empty: null };

/** By path in vedette.yaml, in the order in which they are shown. */
export const offered: ReadonlyMap<string, Offer> = new Map([
  ['node', restart],
  ['jobs.running', live],
  ['jobs.queue', live],
  ['model.confidence', live],
  ['model.iou', live],
  ['storage.jobs_days', bound],
  ['storage.jobs_kept', bound],
  ['storage.inputs_days', bound],
  ['storage.inputs_kept', bound],
  ['storage.uploads_mb', bound],
  ['storage.artifacts_mb', bound],
  ['storage.backups_kept', live],
  ['serve.disk_reserve_mb', live],
  ['serve.port', restart],
  ['mqtt.url', restart],
  ['mqtt.username', { effect: 'restart', empty: 'absent' }],
  ['log', live],
]);
