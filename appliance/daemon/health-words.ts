// What is said of the appliance's parts: every code with its state, its sentence and its remedy. A screen in another
// language says the same by the code. What stands in braces is a value: one ending in `_bytes` is a number of bytes,
// `_c` one of degrees Celsius, `_at` a time in ISO 8601; `reason` is an English sentence, others stand for themselves.
import type { HealthPart } from '../contract/system-api.ts';

interface Words {
  readonly part: HealthPart['part'];
  readonly state: HealthPart['state'];
  readonly sentence: string;
  readonly remedy: string | null;
}

export const healthWords = {
  'worker-ready': {
    part: 'worker',
    state: 'ok',
    sentence: 'Videos can be analysed; the next one starts at once.',
    remedy: null,
  },
  'worker-busy': {
    part: 'worker',
    state: 'ok',
    sentence: 'Videos are being analysed. Now running: {running}, waiting: {pending}.',
    remedy: null,
  },
  'worker-starting': {
    part: 'worker',
    state: 'ok',
    sentence: 'The analysis is starting. This takes a few seconds; with a new model it can take minutes.',
    remedy: null,
  },
  'worker-failed': {
    part: 'worker',
    state: 'bad',
    sentence: 'Videos cannot be analysed now. {reason}',
    remedy: 'Vedette goes on trying, and videos wait meanwhile. If it stays so, restart Vedette.',
  },
  'worker-without-model': {
    part: 'worker',
    state: 'warning',
    sentence: 'Videos wait until the model works.',
    remedy: 'See what is said of the model.',
  },
  'model-ready': {
    part: 'model',
    state: 'ok',
    sentence: 'The model {model} is in use and runs on {provider}.',
    remedy: null,
  },
  'model-building': {
    part: 'model',
    state: 'ok',
    sentence:
      'The model {model} is in use and runs on {provider}. It is being prepared for {building}, which is faster and takes minutes.',
    remedy: null,
  },
  'model-loading': { part: 'model', state: 'ok', sentence: 'The model {model} is being loaded.', remedy: null },
  'model-failed': {
    part: 'model',
    state: 'bad',
    sentence: 'The model {model} cannot be used. {reason}',
    remedy: 'Choose another model under Models, or upload this one again.',
  },
  'model-settings-wrong': {
    part: 'model',
    state: 'warning',
    sentence: 'The model {model} works, but some of its settings do not apply. {reason}',
    remedy: 'Correct them under Models.',
  },
  'database-ok': { part: 'database', state: 'ok', sentence: 'All jobs are being recorded.', remedy: null },
  'database-rescued': {
    part: 'database',
    state: 'warning',
    sentence: 'Something was wrong with the database when Vedette started. {reason}',
    remedy: 'Look through the history for jobs that are missing. This message goes with the next restart.',
  },
  'database-not-writable': {
    part: 'database',
    state: 'bad',
    sentence: 'What happens to jobs cannot be recorded now. {reason}',
    remedy: 'Make room on the disk, and check that it is sound. Nothing is lost while Vedette runs.',
  },
  'disk-ok': {
    part: 'disk',
    state: 'ok',
    sentence: 'There is room for more videos: {free_bytes} are free.',
    remedy: null,
  },
  'disk-measuring': { part: 'disk', state: 'ok', sentence: 'The disk is being measured.', remedy: null },
  'disk-filling': {
    part: 'disk',
    state: 'warning',
    sentence: 'The disk is filling up: {free_bytes} are free. Below {reserve_bytes} all work stops.',
    remedy: 'Delete finished jobs in the history soon.',
  },
  'disk-low': {
    part: 'disk',
    state: 'bad',
    sentence:
      'The disk is nearly full: {free_bytes} are free, and {reserve_bytes} must stay free. Jobs and uploads wait.',
    remedy: 'Delete finished jobs in the history, or other files from this disk. Work goes on by itself.',
  },
  'disk-results-full': {
    part: 'disk',
    state: 'bad',
    sentence: 'Results hold {used_bytes} of the {quota_bytes} that they may. Jobs and uploads wait.',
    remedy: 'Delete finished jobs in the history, or allow more with storage.artifacts_mb in the settings.',
  },
  'disk-videos-full': {
    part: 'disk',
    state: 'warning',
    sentence: 'Videos hold {used_bytes} of the {quota_bytes} that they may. Uploads wait.',
    remedy: 'Delete finished jobs in the history, or allow more with storage.uploads_mb in the settings.',
  },
  'disk-unreadable': {
    part: 'disk',
    state: 'bad',
    sentence: 'The disk cannot be measured. {reason}',
    remedy: 'Check that it is plugged in and sound.',
  },
  'mqtt-off': {
    part: 'mqtt',
    state: 'off',
    sentence: 'MQTT is switched off: home automation and other programs are not told of jobs.',
    remedy: null,
  },
  'mqtt-embedded': {
    part: 'mqtt',
    state: 'ok',
    sentence: 'The built-in MQTT broker tells other programs on this machine of jobs.',
    remedy: null,
  },
  'mqtt-connected': {
    part: 'mqtt',
    state: 'ok',
    sentence: 'Other programs are told of jobs through the MQTT broker {broker}.',
    remedy: null,
  },
  'mqtt-connecting': {
    part: 'mqtt',
    state: 'ok',
    sentence: 'The connection to the MQTT broker {broker} is being made.',
    remedy: null,
  },
  'mqtt-away': {
    part: 'mqtt',
    state: 'warning',
    sentence: 'The MQTT broker {broker} cannot be used, so other programs are not told of jobs. Jobs are not affected.',
    remedy: 'Start the broker, or correct its address, user or password in the settings. Vedette goes on trying.',
  },
  'mqtt-broker-failed': {
    part: 'mqtt',
    state: 'warning',
    sentence: 'The built-in MQTT broker does not run, so other programs are not told of jobs. {reason}',
    remedy: 'Mend that and restart Vedette, or switch MQTT off with mqtt.url in the settings. Jobs are not affected.',
  },
  'backups-off': {
    part: 'backups',
    state: 'off',
    sentence: 'No backups of the database are made.',
    remedy: 'Set storage.backups_kept to more than 0 in the settings to have one made every night.',
  },
  'backups-none': {
    part: 'backups',
    state: 'ok',
    sentence: 'There is no backup yet. One is made every night once there are jobs.',
    remedy: null,
  },
  'backups-made': {
    part: 'backups',
    state: 'ok',
    sentence: 'The last backup of the database was made on {made_at}. Backups kept: {count}.',
    remedy: null,
  },
  'backups-failed': {
    part: 'backups',
    state: 'warning',
    sentence: 'The last backup could not be made. {reason}',
    remedy: 'Make room on the disk, then make a backup now.',
  },
  'network-local': {
    part: 'network',
    state: 'off',
    sentence: 'Only this machine can open Vedette; phones and other computers cannot.',
    remedy: 'To let them in, set serve.host to 0.0.0.0 and an API key (VEDETTE_API_KEY), and restart Vedette.',
  },
  'network-locked': {
    part: 'network',
    state: 'ok',
    sentence: 'Other devices reach Vedette at {url}, with the API key.',
    remedy: null,
  },
  'network-open': {
    part: 'network',
    state: 'warning',
    sentence: 'Every device in the network can use Vedette at {url}: there is no API key.',
    remedy: 'Set an API key (VEDETTE_API_KEY) and restart Vedette, unless all who can reach it may use it.',
  },
  'network-down': {
    part: 'network',
    state: 'warning',
    sentence: 'This machine has no network address, so other devices cannot reach Vedette.',
    remedy: 'Check the network cable or the Wi-Fi.',
  },
  'temperature-ok': {
    part: 'temperature',
    state: 'ok',
    sentence: 'The temperature is fine: {temperature_c}.',
    remedy: null,
  },
  'temperature-high': {
    part: 'temperature',
    state: 'warning',
    sentence: 'The machine is hot: {temperature_c}. It may soon work more slowly.',
    remedy: 'Make sure that air reaches it, and that its fan turns and is clean.',
  },
  'temperature-critical': {
    part: 'temperature',
    state: 'bad',
    sentence: 'The machine is too hot: {temperature_c}. It slows itself down and may switch off.',
    remedy: 'Let it cool: free its air vents, clean its fan, take it out of the sun.',
  },
} as const satisfies Record<string, Words>;
