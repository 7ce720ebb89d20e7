// A place outside that gets what a job has made. One file for each kind.
import type { Readable } from 'node:stream';

/** One file on its way out. */
export interface Outgoing {
  /** Letters, digits, dots and hyphens. */
  readonly name: string;
  readonly bytes: number;
  /** MIME type. */
  readonly type: string;
  /** All of it, anew each time. */
  readonly open: (signal: AbortSignal) => Readable;
}

export interface Sending {
  readonly jobId: string;
  readonly file: Outgoing;
  readonly signal: AbortSignal;
  /** Bytes of the file that have gone out so far. */
  readonly onBytes: (bytes: number) => void;
}

export interface Target {
  /** Where a job's files lie then, for people. */
  place(jobId: string): string;
  /**
   * It is there, whole, when this resolves; what was there before under its name is replaced. Rejects with Unreached where
   * another try may help, with a Fault where none would, in words without secrets; and when the signal is aborted.
   */
  send(sending: Sending): Promise<void>;
  close(): void;
}
