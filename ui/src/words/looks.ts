// The marks and messages that each status, stage and state goes by on the screen. Tables only.
import type { SystemView } from '../../../appliance/contract/api.ts';
import type { Provider } from '../../../appliance/contract/frame.ts';
import type { JobStatus } from '../../../appliance/contract/job.ts';
import type { Stage } from '../../../appliance/contract/progress.ts';
import type { ConnectionState } from '../state/connection.svelte.ts';
import type { IconName } from './icons.ts';
import type { MessageId } from './message-id.ts';

export type Tone = 'good' | 'signal' | 'bad' | 'quiet';

export interface Look {
  readonly word: MessageId;
  readonly tone: Tone;
  readonly icon: IconName;
}

export const statusLooks = {
  pending: { word: 'shell.status-pending', tone: 'quiet', icon: 'queue' },
  running: { word: 'shell.status-running', tone: 'signal', icon: 'watch' },
  completed: { word: 'shell.status-completed', tone: 'good', icon: 'check' },
  failed: { word: 'shell.status-failed', tone: 'bad', icon: 'warning' },
  cancelled: { word: 'shell.status-cancelled', tone: 'quiet', icon: 'stop' },
} as const satisfies Record<JobStatus, Look>;

export const stageWords = {
  queued: 'shell.stage-queued',
  downloading: 'shell.stage-downloading',
  probing: 'shell.stage-probing',
  analyzing: 'shell.stage-analyzing',
  annotating: 'shell.stage-annotating',
  clipping: 'shell.stage-clipping',
  packaging: 'shell.stage-packaging',
  delivering: 'shell.stage-delivering',
  completed: 'shell.stage-completed',
} as const satisfies Record<Stage, MessageId>;

/** The same as steps of a way. */
export const stepWords = {
  queued: 'shell.step-queued',
  downloading: 'shell.step-downloading',
  probing: 'shell.step-probing',
  analyzing: 'shell.step-analyzing',
  annotating: 'shell.step-annotating',
  clipping: 'shell.step-clipping',
  packaging: 'shell.step-packaging',
  delivering: 'shell.step-delivering',
  completed: 'shell.step-completed',
} as const satisfies Record<Stage, MessageId>;

/** `sentence`: shown below the header while it is not null. */
export const connectionLooks = {
  connecting: { word: 'shell.link-connecting', tone: 'quiet', sentence: null },
  live: { word: 'shell.link-live', tone: 'good', sentence: null },
  polling: { word: 'shell.link-polling', tone: 'signal', sentence: 'shell.link-polling-more' },
  offline: { word: 'shell.link-offline', tone: 'bad', sentence: 'shell.link-offline-more' },
  locked: { word: 'shell.link-locked', tone: 'signal', sentence: null },
} as const satisfies Record<ConnectionState, { word: MessageId; tone: Tone; sentence: MessageId | null }>;

const calling = { title: 'shell.calling', more: 'shell.calling-more' } as const;

/** What to say in place of the jobs while none are known. */
export const unknownWords = {
  connecting: calling,
  live: calling,
  polling: calling,
  offline: { title: 'shell.nobody', more: 'shell.nobody-more' },
  locked: { title: 'shell.locked', more: 'shell.locked-more' },
} as const satisfies Record<ConnectionState, { title: MessageId; more: MessageId }>;

/** Names, the same in every language. */
export const providerNames = {
  tensorrt: 'TensorRT',
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  cpu: 'CPU',
} as const satisfies Record<Provider, string>;

export function mqttLook({ mode, connected }: SystemView['mqtt']): { word: MessageId; tone: Tone } {
  if (mode === 'off') return { word: 'shell.mqtt-off', tone: 'quiet' };
  if (!connected) return { word: 'shell.mqtt-away', tone: 'bad' };
  return { word: mode === 'embedded' ? 'shell.mqtt-embedded' : 'shell.mqtt-connected', tone: 'good' };
}

/** Forms in which a result can be had; `query` is added to its URL. Their names are the same in every language. */
export const resultForms = [
  { name: 'JSON', query: '', extension: 'json' },
  { name: 'CSV', query: '?format=csv', extension: 'csv' },
  { name: 'COCO', query: '?format=coco', extension: 'coco.json' },
  { name: 'NDJSON', query: '?format=ndjson', extension: 'ndjson' },
] as const;
