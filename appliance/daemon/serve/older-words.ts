// How the older systems named what a job is at: their table of stages, and what of it stands for each of ours.
import type { Job, JobStatus } from '../../contract/job.ts';
import type { Stage } from '../../contract/progress.ts';

/** In their order, with the percentage at which each of them began. */
export const olderStages = {
  queued: 0,
  downloading: 5,
  downloaded: 15,
  uploading: 18,
  processing_started: 20,
  transcribing: 25,
  analyzing: 50,
  processing: 70,
  uploading_clips: 90,
  completed: 100,
  failed: 0,
  error: 0,
  cancelled: 0,
  posting_tiktok: 80,
  posting_instagram: 85,
  posting_completed: 100,
} as const satisfies Record<string, number>;
type OlderStage = keyof typeof olderStages;

const stageWords = {
  queued: 'queued',
  downloading: 'downloading',
  probing: 'processing_started',
  analyzing: 'analyzing',
  annotating: 'processing',
  clipping: 'processing',
  packaging: 'processing',
  delivering: 'uploading_clips',
  completed: 'processing',
} as const satisfies Record<Stage, OlderStage>;

/** Null: by its stage. */
const statusWords = {
  pending: 'queued',
  running: null,
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<JobStatus, OlderStage | null>;

const sentences = {
  queued: 'Waiting in the queue.',
  downloading: 'Downloading the video.',
  probing: 'Looking at the video.',
  analyzing: 'Analysing the video.',
  annotating: 'Drawing boxes on the video.',
  clipping: 'Cutting clips.',
  packaging: 'Writing the results.',
  delivering: 'Delivering the results.',
  completed: 'Finishing.',
} as const satisfies Record<Stage, string>;

const olderSentences = {
  queued: 'Waiting in the queue.',
  downloading: 'Downloading the video.',
  downloaded: 'The video is downloaded.',
  uploading: 'Uploading the video.',
  processing_started: 'Processing has begun.',
  transcribing: 'Transcribing the video.',
  analyzing: 'Analysing the video.',
  processing: 'Processing the video.',
  uploading_clips: 'Uploading clips.',
  completed: 'Completed.',
  failed: 'Failed.',
  error: 'Failed.',
  cancelled: 'Cancelled.',
  posting_tiktok: 'Posting to TikTok.',
  posting_instagram: 'Posting to Instagram.',
  posting_completed: 'Everything is posted.',
} as const satisfies Record<OlderStage, string>;

/** Of their table alone; what a program outside calls by a word that is not in it is processing. */
export function olderStageOf({ status, stage, outside }: Job): OlderStage {
  const word = statusWords[status];
  if (word !== null) return word;
  if (outside) return isOlderStage(outside.status) ? outside.status : 'processing';
  return stage === null ? 'processing_started' : stageWords[stage];
}

/** What it is at or how it ended, as a sentence. */
export function sentenceOf(job: Job): string {
  switch (job.status) {
    case 'pending':
      return sentences.queued;
    case 'running':
      return job.held ?? sentenceOfRunning(job);
    case 'completed':
      return olderSentences.completed;
    case 'failed':
      return job.error?.message ?? olderSentences.failed;
    case 'cancelled':
      return olderSentences.cancelled;
    default:
      return job.status satisfies never;
  }
}

/** 0..100: what was made before progress was recorded is at its end or its beginning. */
export function olderProgress({ progress, status }: Job): number {
  return progress ?? (status === 'completed' ? 100 : 0);
}

function sentenceOfRunning({ stage, outside }: Job): string {
  if (outside) return isOlderStage(outside.status) ? olderSentences[outside.status] : `${outside.status}.`;
  return stage === null ? olderSentences.processing_started : sentences[stage];
}

function isOlderStage(word: string): word is OlderStage {
  return Object.hasOwn(olderStages, word);
}
