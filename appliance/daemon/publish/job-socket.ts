// The plain WebSocket dialect of one job: a snapshot, progress, and one last message. Knows no transport.
import { z } from 'zod';
import { toJobItem, toRestStatus } from '../../contract/api.ts';
import { JobId } from '../../contract/job-id.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import { Pace, tenASecond } from './pace.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';

export interface PlainSocket {
  /** `droppable`: progress, which a client that reads too slowly may miss, since newer progress or the end follows. */
  send(text: string, droppable: boolean): void;
  close(code: number, reason: string): void;
}

export interface JobSocketsOptions {
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  readonly progressIntervalMs?: number;
  readonly mostSockets?: number;
}

const Ping = z.object({ type: z.literal('ping') });
const pong = JSON.stringify({ type: 'pong', payload: {} });

export class JobSockets {
  readonly #snapshot: Snapshot;
  readonly #mostSockets: number;
  readonly #jobOf = new Map<PlainSocket, string>();
  readonly #listeners = new Map<string, Set<PlainSocket>>();
  readonly #pace: Pace;
  readonly #unsubscribe: readonly (() => void)[];

  constructor({ stream, snapshot, progressIntervalMs = tenASecond.intervalMs, mostSockets = 1000 }: JobSocketsOptions) {
    this.#snapshot = snapshot;
    this.#mostSockets = mostSockets;
    this.#pace = new Pace({
      ...tenASecond,
      intervalMs: progressIntervalMs,
      deliver: (job) => this.#tell(job.id, toProgressMessage(job), true),
    });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#tellChange(job)),
      stream.on('job-progressed', ({ job }) => {
        if (this.#listeners.has(job.id)) this.#pace.offer(job);
      }),
      stream.on('job-removed', ({ jobId }) => this.#hangUp(jobId)),
    ];
  }

  /** Sockets that are open now. */
  clients(): number {
    return this.#jobOf.size;
  }

  opened(socket: PlainSocket, jobId: string): void {
    const id = JobId.safeParse(jobId);
    const job = id.success ? this.#snapshot.job(id.data) : undefined;
    if (!job) return socket.close(4404, 'Job not found');
    if (this.#jobOf.size >= this.#mostSockets) return socket.close(1013, 'Too many listeners');
    this.#pace.flush(job.id);
    const sockets = this.#listeners.get(job.id) ?? new Set();
    this.#listeners.set(job.id, sockets.add(socket));
    this.#jobOf.set(socket, job.id);
    const { job_id, ...progress } = toProgressMessage(job);
    send(socket, { job_id, status: toRestStatus(job.status), progress: job.progress, ...progress }, false);
    const last = toLastMessage(job);
    if (last) send(socket, last, false);
  }

  /** Anything but a ping is ignored. */
  received(socket: PlainSocket, text: string): void {
    if (this.#jobOf.has(socket) && isPing(text)) socket.send(pong, false);
  }

  closed(socket: PlainSocket): void {
    const jobId = this.#jobOf.get(socket);
    if (jobId === undefined) return;
    this.#jobOf.delete(socket);
    const sockets = this.#listeners.get(jobId);
    sockets?.delete(socket);
    if (sockets?.size !== 0) return;
    this.#listeners.delete(jobId);
    this.#pace.drop(jobId);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#pace.close();
    for (const socket of [...this.#jobOf.keys()]) {
      this.closed(socket);
      socket.close(1001, 'Appliance is stopping');
    }
  }

  #tellChange(job: Job): void {
    this.#pace.flush(job.id);
    if (isFinal(job.status)) this.#pace.drop(job.id);
    this.#tell(job.id, toLastMessage(job) ?? toProgressMessage(job), false);
  }

  #hangUp(jobId: string): void {
    for (const socket of [...(this.#listeners.get(jobId) ?? [])]) {
      this.closed(socket);
      socket.close(4404, 'Job removed');
    }
  }

  #tell(jobId: string, message: object, droppable: boolean): void {
    for (const socket of this.#listeners.get(jobId) ?? []) send(socket, message, droppable);
  }
}

function toProgressMessage(job: Job) {
  const { job_id, current_frame, total_frames, progress, current_tool, tools_total, tools_completed } = toJobItem(job);
  return { job_id, current_frame, total_frames, percent: progress, current_tool, tools_total, tools_completed };
}

/** Undefined while the job is under way. This dialect knows two ends, so a cancelled job is an error. */
function toLastMessage(job: Job) {
  if (!isFinal(job.status)) return undefined;
  if (job.status === 'completed') return { job_id: job.id, status: 'completed' };
  return { job_id: job.id, status: 'error', message: toJobItem(job).error_message ?? 'Job failed' };
}

function send(socket: PlainSocket, message: object, droppable: boolean): void {
  socket.send(JSON.stringify(message), droppable);
}

function isPing(text: string): boolean {
  if (text === 'ping') return true;
  try {
    return Ping.safeParse(JSON.parse(text)).success;
  } catch {
    return false; // not JSON: some other chatter, which this dialect ignores
  }
}
