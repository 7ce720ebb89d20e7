// Follows one job on the Socket.IO push channel until it ends, through lost connections: snapshot first, then events.
import { io, type Socket } from 'socket.io-client';
import { JobItem, ProgressView } from '../contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../contract/events.ts';
import { isFinal } from '../contract/job.ts';
import type { Client } from './client.ts';
import { Refusal } from './client.ts';

export interface WatchOptions {
  readonly client: Client;
  readonly jobId: string;
  readonly signal: AbortSignal;
  /** Hears every change in order, none twice. */
  readonly onProgress: (view: ProgressView) => void;
  /** The connection is gone (false) and is being made again, or is back (true). */
  readonly onConnection: (connected: boolean) => void;
}

/** The job as it ended. Rejects with a Refusal, or with the signal's reason. */
export function watchJob(options: WatchOptions): Promise<JobItem> {
  const { client, jobId, signal } = options;
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(client.url, {
    transports: ['websocket'],
    extraHeaders: { ...client.headers },
    forceNew: true,
  });
  let seq = -1;

  const ended = new Promise<JobItem>((resolve, reject) => {
    const hear = (view: ProgressView) => {
      if (view.job_id !== jobId || view.seq <= seq) return;
      seq = view.seq;
      options.onProgress(view);
    };
    const hearJob = (job: JobItem) => {
      hear(job);
      if (job.job_id === jobId && isFinal(job.status)) resolve(job);
    };
    const take = (answer: WatchAnswer) => {
      if ('error' in answer) reject(new Refusal(answer.error));
      else for (const job of answer.jobs) hearJob(JobItem.parse(job));
    };

    socket.on('connect', () => {
      options.onConnection(true);
      socket.emit('watch', { job_id: jobId }, guarded(reject, take));
    });
    socket.on('disconnect', (reason) => {
      // Not a loss: this side hung up, when the job had ended.
      if (reason !== 'io client disconnect') options.onConnection(false);
    });
    socket.on('connect_error', (error) => {
      // Active: socket.io goes on trying by itself. Otherwise the appliance refused, with a reason.
      if (!socket.active) reject(new Refusal(`the appliance refused the connection: ${error.message}`));
    });
    socket.on(
      'job',
      guarded(reject, (job) => hearJob(JobItem.parse(job))),
    );
    socket.on(
      'progress',
      guarded(reject, (view) => hear(ProgressView.parse(view))),
    );
    socket.on('job_removed', (removed) => {
      if (removed.job_id === jobId) reject(new Refusal('the job was removed'));
    });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    signal.throwIfAborted();
  });
  return ended.finally(() => socket.disconnect());
}

/** A message that does not fit the contract ends the watch; thrown inside a socket's listener it would end the process. */
function guarded<T>(reject: (error: Error) => void, listen: (message: T) => void): (message: T) => void {
  return (message) => {
    try {
      listen(message);
    } catch (cause) {
      reject(new Refusal('the appliance sent something that this version does not understand', { cause }));
    }
  };
}
