// The words and marks that each status, stage and state goes by on the screen. Tables only.
import type { SystemView } from '../../../appliance/contract/api.ts';
import type { JobStatus } from '../../../appliance/contract/job.ts';
import type { Provider } from '../../../appliance/contract/frame.ts';
import type { Stage } from '../../../appliance/contract/progress.ts';
import type { ConnectionState } from '../state/connection.svelte.ts';

export type Tone = 'good' | 'signal' | 'bad' | 'quiet';

export interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

export type IconName =
  | 'check'
  | 'close'
  | 'download'
  | 'layers'
  | 'moon'
  | 'pause'
  | 'plus'
  | 'queue'
  | 'retry'
  | 'stop'
  | 'sun'
  | 'trash'
  | 'warning'
  | 'watch';

export const statusLooks = {
  pending: { word: 'Waiting', tone: 'quiet', icon: 'queue' },
  running: { word: 'Running', tone: 'signal', icon: 'watch' },
  completed: { word: 'Completed', tone: 'good', icon: 'check' },
  failed: { word: 'Failed', tone: 'bad', icon: 'warning' },
  cancelled: { word: 'Cancelled', tone: 'quiet', icon: 'stop' },
} as const satisfies Record<JobStatus, Look>;

export const stageWords = {
  queued: 'Waiting',
  probing: 'Probing the file',
  analyzing: 'Analysing frames',
  packaging: 'Saving results',
  completed: 'Done',
} as const satisfies Record<Stage, string>;

/** Of a running job that waits, for room on the disk or by somebody's will. */
export const heldWord = 'On hold';

/** The same as steps of a way. */
export const stepWords = {
  queued: 'Wait',
  probing: 'Probe',
  analyzing: 'Analyse',
  packaging: 'Save',
  completed: 'Done',
} as const satisfies Record<Stage, string>;

/** `sentence`: shown below the header while it is not null. */
export const connectionLooks = {
  connecting: { word: 'Connecting', tone: 'quiet', sentence: null },
  live: { word: 'Live', tone: 'good', sentence: null },
  polling: { word: 'Reconnecting', tone: 'signal', sentence: 'Live push is down — asking every 2 s.' },
  offline: {
    word: 'Offline',
    tone: 'bad',
    sentence: 'The appliance does not answer. Check that it is switched on and on this network; trying every 2 s.',
  },
  locked: { word: 'Locked', tone: 'signal', sentence: null },
} as const satisfies Record<ConnectionState, { word: string; tone: Tone; sentence: string | null }>;

const calling = { title: 'Calling the appliance', more: 'The jobs appear here as soon as it answers.' };

/** What to say in place of the jobs while none are known. */
export const unknownWords = {
  connecting: calling,
  live: calling,
  polling: calling,
  offline: { title: 'Nobody answers', more: 'The jobs appear here as soon as the appliance does.' },
  locked: { title: 'Locked', more: 'The jobs appear here once the key is given.' },
} as const satisfies Record<ConnectionState, { title: string; more: string }>;

export const providerWords = {
  tensorrt: 'TensorRT',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
} as const satisfies Record<Provider, string>;

/** While an engine is built for the model. */
export function buildingSentence(building: Provider, meanwhile: Provider): string {
  const [made, used] = [providerWords[building], providerWords[meanwhile]];
  return `${made} is being made ready for this model, which takes some minutes. Jobs run on ${used} meanwhile.`;
}

export function mqttLook({ mode, connected }: SystemView['mqtt']): { word: string; tone: Tone } {
  if (mode === 'off') return { word: 'Off', tone: 'quiet' };
  if (!connected) return { word: 'Not connected', tone: 'bad' };
  return { word: mode === 'embedded' ? 'Built-in broker' : 'Connected', tone: 'good' };
}

/** Forms in which a result can be had; `query` is added to its URL. */
export const resultForms = [
  { name: 'JSON', query: '', extension: 'json' },
  { name: 'CSV', query: '?format=csv', extension: 'csv' },
  { name: 'COCO', query: '?format=coco', extension: 'coco.json' },
  { name: 'NDJSON', query: '?format=ndjson', extension: 'ndjson' },
] as const;
