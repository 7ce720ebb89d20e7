// Socket.IO: a snapshot for who asks, then every change of state at once and progress at most ten times a second.
import type { IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { z } from 'zod';
import { JobId, toJobItem, toProgressView } from '../../contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../contract/events.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { callerOf, keyOf, type Caller } from './caller.ts';
import { Pace } from './pace.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';

export interface LiveOptions {
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  /** Asked for every connection before it is opened; false answers 403. The key is not known yet. */
  readonly mayOpen: (caller: Caller) => boolean;
  /** Asked once more with the key, from the handshake's `auth.key`, `X-API-Key` or `Authorization: Bearer`. */
  readonly mayConnect: (caller: Caller & { readonly key: string | undefined }) => boolean;
  readonly log: Log;
  readonly progressIntervalMs?: number;
}

type LiveServer = Server<ClientToServerEvents, ServerToClientEvents>;
type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

const Target = z.union([z.object({ job_id: JobId }), z.object({ all: z.literal(true) })]);
type Target = z.infer<typeof Target>;

const everything = 'all';
/** No socket ever joins it. */
const nobody = 'nobody';
const roomOf = (target: Target) => ('all' in target ? everything : jobRoom(target.job_id));
const jobRoom = (jobId: string) => `job:${jobId}`;

const newestJobs = 100;
const mostRooms = 200;

export class Live {
  /**
   * `attachApp` it with a `maxBackpressure` of 16 MiB: beyond that µWebSockets.js drops messages in silence. A client
   * that reads nothing is cut by its missing pong within 45 s, before this appliance has so much to tell it.
   */
  readonly server: LiveServer;
  readonly #snapshot: Snapshot;
  readonly #pace: Pace;
  readonly #unsubscribe: readonly (() => void)[];

  constructor({ stream, snapshot, mayOpen, mayConnect, log, progressIntervalMs = 100 }: LiveOptions) {
    this.#snapshot = snapshot;
    // Without connection state recovery: on µWebSockets.js a recovered socket hears no more broadcasts.
    this.server = new Server({
      serveClient: false,
      maxHttpBufferSize: 16 * 1024,
      connectTimeout: 10_000,
      pingInterval: 25_000,
      pingTimeout: 20_000,
      allowRequest: (request, answer) => {
        const caller = callerOf(request);
        const allowed = mayOpen(caller);
        if (!allowed) log.warn({ ...caller }, 'live connection refused');
        answer(allowed ? null : 'Not allowed', allowed);
      },
    });
    this.server.use((socket, next) => {
      const request: IncomingMessage = socket.request;
      const caller = callerOf(request);
      if (mayConnect({ ...caller, key: keyOf(request, socket.handshake.auth) })) return next();
      log.warn({ ...caller }, 'live client refused');
      next(new Error('Not allowed'));
    });
    this.server.on('connection', (socket) => this.#greet(socket));

    this.#pace = new Pace({
      intervalMs: progressIntervalMs,
      deliver: (job) => this.#watchersOf(job.id).emit('progress', toProgressView(job)),
    });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#tellChange(job)),
      stream.on('job-progressed', ({ job }) => this.#pace.offer(job)),
      stream.on('job-removed', ({ jobId }) => this.#tellRemoval(jobId)),
      // `except` keeps socket.io off its fast path, app.publish, which is patched into the prototype of all
      // adapters: with two servers in one process it would publish on the wrong one.
      stream.on('system-changed', ({ system }) => this.server.to(everything).except(nobody).emit('system', system)),
    ];
  }

  /** Clients that are connected and allowed. */
  clients(): number {
    return this.server.of('/').sockets.size;
  }

  /** Says goodbye to every client; the app that it is mounted on is closed by its owner. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#pace.close();
    // one that was never attached has nothing to close, and would throw
    if (Object.hasOwn(this.server, 'engine')) await this.server.close();
  }

  #greet(socket: LiveSocket): void {
    // What comes over the wire has any shape, whatever the types say: both arguments are checked.
    socket.on('watch', (target: unknown, answer: unknown) => {
      const snapshot = this.#watch(socket, target);
      if (isAnswer(answer)) answer(snapshot);
    });
    socket.on('unwatch', (target: unknown, answer: unknown) => {
      const parsed = Target.safeParse(target);
      if (parsed.success) void socket.leave(roomOf(parsed.data));
      if (isAnswer(answer)) answer({ ok: true });
    });
  }

  /**
   * Joins and reads the snapshot in one synchronous step. What the pace still held is older than the snapshot, so it
   * is told to the others first: the newcomer hears nothing twice and misses nothing.
   */
  #watch(socket: LiveSocket, target: unknown): WatchAnswer {
    const parsed = Target.safeParse(target);
    if (!parsed.success) return { error: 'Expected {"job_id": "<uuid>"} or {"all": true}' };
    const room = roomOf(parsed.data);
    if (socket.rooms.size > mostRooms && !socket.rooms.has(room)) {
      return { error: `At most ${mostRooms} jobs can be watched by one connection` };
    }
    const jobs = this.#read(parsed.data);
    if (!jobs) return { error: 'Job not found' };
    void socket.join(room);
    return { jobs: jobs.map(toJobItem), system: this.#snapshot.system() };
  }

  #read(target: Target): readonly Job[] | undefined {
    if ('all' in target) {
      this.#pace.flushAll();
      return this.#snapshot.newest(newestJobs);
    }
    this.#pace.flush(target.job_id);
    const job = this.#snapshot.job(target.job_id);
    return job && [job];
  }

  /** The last progress before a change is told before it: never thinned out, never behind the change. */
  #tellChange(job: Job): void {
    this.#pace.flush(job.id);
    if (isFinal(job.status)) this.#pace.drop(job.id);
    this.#watchersOf(job.id).emit('job', toJobItem(job));
  }

  #tellRemoval(jobId: string): void {
    this.#pace.drop(jobId);
    this.#watchersOf(jobId).emit('job_removed', { job_id: jobId });
    this.server.in(jobRoom(jobId)).socketsLeave(jobRoom(jobId));
  }

  /** A socket in both rooms hears it once. */
  #watchersOf(jobId: string) {
    return this.server.to(jobRoom(jobId)).to(everything);
  }
}

function isAnswer(value: unknown): value is (answer: object) => void {
  return typeof value === 'function';
}
