// One file on its way to the appliance: what it is to become there, how far it is, and how such files are carried.
import type { Answer, Refused } from '../wire/answers.ts';
import type { JobOrder } from './choice.ts';

/** What a file is to become. */
export type Errand = ({ readonly kind: 'video' | 'picture' } & JobOrder) | { readonly kind: 'model' };

type UploadState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly bytesPerSecond: number | null; readonly secondsLeft: number | null }
  | { readonly kind: 'paused' }
  /** Goes on by itself: after `inS` seconds, or once the key is given where that is null. */
  | { readonly kind: 'held'; readonly refused: Refused; readonly inS: number | null }
  | { readonly kind: 'refused'; readonly refused: Refused }
  /** `jobId`: null where it has become something else. */
  | { readonly kind: 'done'; readonly jobId: string | null };

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly errand: Errand;
  /** Bytes. */
  readonly sent: number;
  readonly state: UploadState;
  readonly transfer: Transfer;
  /** In a row, since anything went out. */
  readonly tries: number;
}

export interface Delivery extends Answer {
  /** Of the job that the file has become; null where it is none. */
  readonly jobId: string | null;
}

/** The way of one file. */
export interface Transfer {
  /** False: whoever chose the file decides whether it is sent again. */
  readonly repeatable: boolean;
  /**
   * Sends what the appliance lacks of it. Resolves with the answer (status 0: none came); rejects only when `signal`
   * was aborted.
   */
  send(onSent: (bytes: number) => void, signal: AbortSignal): Promise<Delivery>;
  /** What the appliance has of it may go. */
  forget(): void;
}

export type Carrier = (file: File, errand: Errand) => Transfer;

/** The file was changed or taken away on this device: a stick that was pulled out. */
export const fileGone: Refused = { status: 0, code: 'file-gone', detail: null, retryAfterS: null };
