// Socket.IO: a snapshot for who asks, then every change of state at once and progress at most ten times a second.
import type { IncomingMessage } from 'node:http';
import { type DefaultEventsMap, Server, type Socket } from 'socket.io';
import { z } from 'zod';
import { JobId, toJobItem, toProgressView } from '../../contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../contract/events.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { Allowance } from './allowance.ts';
import { cutStalledPolling, cuttingStalled, type NativeApp } from './backlog.ts';
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

interface Watching {
  /** Rooms of jobs that a client asked for beside everything: it is in them again when it no longer watches everything. */
  aside: Set<string>;
}
type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Watching>;
type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Watching>;

const Target = z.union([z.object({ job_id: JobId }), z.object({ all: z.literal(true) })]);
type Target = z.infer<typeof Target>;

const everything = 'all';
const roomOf = (target: Target) => ('all' in target ? everything : jobRoom(target.job_id));
const jobRoom = (jobId: string) => `job:${jobId}`;
const isJobRoom = (room: string) => room.startsWith('job:');

const unread = 'live client cut, since it does not read';
const newestJobs = 100;
const mostRooms = 200;
/** In a second: a client that comes back asks at once for all that it watched. Everything is read from the database. */
const mostAsked = 500;
const costOfEverything = 50;

export class Live {
  readonly #server: LiveServer;
  readonly #snapshot: Snapshot;
  readonly #log: Log;
  readonly #pace: Pace;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #counted = new WeakSet();
  #cut = 0;

  constructor({ stream, snapshot, mayOpen, mayConnect, log, progressIntervalMs = 100 }: LiveOptions) {
    this.#snapshot = snapshot;
    this.#log = log;
    // Without connection state recovery: on µWebSockets.js a recovered socket hears no more broadcasts.
    this.#server = new Server({
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
    this.#server.use((socket, next) => {
      const request: IncomingMessage = socket.request;
      const caller = callerOf(request);
      if (mayConnect({ ...caller, key: keyOf(request, socket.handshake.auth) })) return next();
      log.warn({ ...caller }, 'live client refused');
      next(new Error('Not allowed'));
    });
    this.#server.on('connection', (socket) => this.#greet(socket));

    this.#pace = new Pace({
      intervalMs: progressIntervalMs,
      deliver: (job) => this.#tell(job.id, 'progress', toProgressView(job)),
    });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#tellChange(job)),
      stream.on('job-progressed', ({ job }) => this.#pace.offer(job)),
      stream.on('job-removed', ({ jobId }) => this.#tellRemoval(jobId)),
      stream.on('system-changed', ({ system }) => this.#server.to(everything).emit('system', system)),
    ];
  }

  /** Clients that are connected and allowed. */
  clients(): number {
    return this.#server.of('/').sockets.size;
  }

  /** Clients cut since the start because they did not read, or asked too much. */
  get cut(): number {
    return this.#cut;
  }

  /** Mounts it on a µWebSockets.js app; one at a time in a process, since Socket.IO keeps its app in a global place. */
  attachApp(app: NativeApp): void {
    this.#server.attachApp(cuttingStalled(app, (client) => this.#countCut(client, unread)));
  }

  /** Tells what is still thinned out, then goodbye, to every client; the app is closed by its owner. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#pace.flushAll();
    this.#pace.close();
    // one that was never attached has nothing to close, and would throw
    if (Object.hasOwn(this.#server, 'engine')) await this.#server.close();
  }

  #greet(socket: LiveSocket): void {
    socket.data.aside = new Set();
    cutStalledPolling(socket.conn, () => this.#countCut(socket, unread));
    // What comes over the wire has any shape, whatever the types say: both arguments are checked.
    const allowance = new Allowance(mostAsked);
    const mayAsk = (target: unknown) => {
      const parsed = Target.safeParse(target);
      if (allowance.spend(parsed.success && 'all' in parsed.data ? costOfEverything : 1)) return true;
      this.#countCut(socket, 'live client cut, since it asks too much');
      socket.disconnect(true);
      return false;
    };
    socket.on('watch', (target: unknown, answer: unknown) => {
      if (!mayAsk(target)) return;
      const snapshot = this.#watch(socket, target);
      if (isAnswer(answer)) answer(snapshot);
    });
    socket.on('unwatch', (target: unknown, answer: unknown) => {
      if (!mayAsk(target)) return;
      const parsed = Target.safeParse(target);
      if (parsed.success) this.#unwatch(socket, roomOf(parsed.data));
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
    const { aside } = socket.data;
    if (socket.rooms.size + aside.size > mostRooms && !socket.rooms.has(room) && !aside.has(room)) {
      return { error: `At most ${mostRooms} jobs can be watched by one connection` };
    }
    const jobs = this.#read(parsed.data);
    if (!jobs) return { error: 'Job not found' };
    this.#enter(socket, room);
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
    this.#tell(job.id, 'job', toJobItem(job));
  }

  #tellRemoval(jobId: string): void {
    this.#pace.drop(jobId);
    this.#tell(jobId, 'job_removed', { job_id: jobId });
    this.#server.in(jobRoom(jobId)).socketsLeave(jobRoom(jobId));
    for (const { data } of this.#server.of('/').sockets.values()) data.aside.delete(jobRoom(jobId));
  }

  /**
   * To one room each: only then does Socket.IO leave it to µWebSockets.js, in one call for all clients. Nobody hears it
   * twice, since who watches everything is in no job's room.
   */
  #tell<E extends keyof ServerToClientEvents>(
    jobId: string,
    event: E,
    ...what: Parameters<ServerToClientEvents[E]>
  ): void {
    this.#server.to(everything).emit(event, ...what);
    this.#server.to(jobRoom(jobId)).emit(event, ...what);
  }

  #enter(socket: LiveSocket, room: string): void {
    const { aside } = socket.data;
    if (room === everything) {
      for (const job of socket.rooms) if (isJobRoom(job)) aside.add(job);
      for (const job of aside) void socket.leave(job);
    }
    if (room !== everything && socket.rooms.has(everything)) aside.add(room);
    else void socket.join(room);
  }

  #unwatch(socket: LiveSocket, room: string): void {
    const { aside } = socket.data;
    void socket.leave(room);
    aside.delete(room);
    if (room !== everything) return;
    void socket.join([...aside]);
    aside.clear();
  }

  #countCut(client: object, why: string): void {
    if (this.#counted.has(client)) return;
    this.#counted.add(client);
    this.#cut += 1;
    this.#log.info({ clients: this.clients() }, why);
  }
}

function isAnswer(value: unknown): value is (answer: object) => void {
  return typeof value === 'function';
}
