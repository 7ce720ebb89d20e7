// Socket.IO: a snapshot for who asks, then every change of state at once and progress at most ten times a second.
import { z } from 'zod';
import { type JobItem, toJobItem, toProgressView } from '../../contract/api.ts';
import { JobId } from '../../contract/job-id.ts';
import type { ServerToClientEvents, WatchAnswer } from '../../contract/events.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { Allowance } from './allowance.ts';
import { Audience } from './audience.ts';
import { cutStalledPolling, cuttingStalled, type NativeApp } from './backlog.ts';
import { type LiveServer, type LiveServerOptions, type LiveSocket, openLiveServer } from './live-server.ts';
import { Looking, type LookingOptions, type PreviewCounts } from './looking.ts';
import { Pace, tenASecond } from './pace.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';

export interface LiveOptions extends LiveServerOptions, Partial<Pick<LookingOptions, 'onLookers'>> {
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  /** Jobs on other appliances, newest first; none where left out. */
  readonly remote?: { readonly list: readonly JobItem[]; get(id: string): JobItem | undefined };
}

const Target = z.union([z.object({ job_id: JobId }), z.object({ all: z.literal(true) })]);
type Target = z.infer<typeof Target>;
const Look = z.object({ preview: z.boolean().optional(), log: z.boolean().optional() });

const everything = 'all';
const roomOf = (target: Target) => ('all' in target ? everything : jobRoom(target.job_id));
const jobRoom = (jobId: string) => `job:${jobId}`;
/** Of all who are to hear of a job. */
const roomsOf = (jobId: string) => [everything, jobRoom(jobId)];

const noneElsewhere = { list: [], get: () => undefined };
const unread = 'live client cut, since it does not read';
const wrongLook = 'Expected {"preview": true or false, "log": true or false}';
const newestJobs = 100;
const mostRooms = 200;
/** In a second: a client that comes back asks at once for all that it watched. Everything is read from the database. */
const mostAsked = 500;
const costOfEverything = 50;

export class Live {
  readonly #server: LiveServer;
  readonly #snapshot: Snapshot;
  readonly #remote: Required<LiveOptions>['remote'];
  readonly #log: Log;
  readonly #pace: Pace;
  readonly #audience: Audience<LiveSocket>;
  readonly #looking: Looking;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #counted = new WeakSet();
  #cut = 0;

  constructor({
    stream,
    snapshot,
    remote = noneElsewhere,
    mayOpen,
    mayConnect,
    onLookers = () => undefined,
    log,
  }: LiveOptions) {
    this.#snapshot = snapshot;
    this.#remote = remote;
    this.#log = log;
    this.#server = openLiveServer({ mayOpen, mayConnect, log });
    this.#server.on('connection', (socket) => this.#greet(socket));

    this.#audience = new Audience(() => this.#server.of('/').adapter.rooms);
    this.#looking = new Looking({ server: this.#server, stream, onLookers });
    this.#pace = new Pace({
      ...tenASecond,
      deliver: (job) => this.#tell(roomsOf(job.id), 'progress', toProgressView(job)),
    });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#tellChange(job)),
      stream.on('job-progressed', ({ job }) => this.#pace.offer(job)),
      stream.on('job-removed', ({ jobId }) => this.#tellRemoval(jobId)),
      stream.on('remote-job-changed', ({ item }) => this.#tell(roomsOf(item.job_id), 'job', item)),
      stream.on('remote-job-progressed', ({ progress }) => this.#tell(roomsOf(progress.job_id), 'progress', progress)),
      stream.on('remote-job-removed', ({ jobId }) => this.#tellRemoval(jobId)),
      stream.on('system-changed', ({ system }) => this.#tell([everything], 'system', system)),
      stream.on('vitals-taken', ({ vitals }) => this.#tell([everything], 'vitals', vitals)),
      stream.on('imports-changed', ({ copies }) => this.#tell([everything], 'imports', { copies })),
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

  /** Pictures that were pushed to clients, or left out. */
  get previews(): PreviewCounts {
    return this.#looking.previews;
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
    this.#looking.close();
    this.#audience.flush();
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
    socket.on('look', (target: unknown, answer: unknown) => {
      if (!mayAsk(target)) return;
      const parsed = Look.safeParse(target);
      if (parsed.success) this.#looking.look(socket, parsed.data);
      if (isAnswer(answer)) answer(parsed.success ? { ok: true } : { error: wrongLook });
    });
    socket.on('disconnect', () => this.#looking.leave(socket));
  }

  /**
   * Joins and reads the snapshot in one synchronous step. What was still held is older than the snapshot, so it is told
   * to the others first: the newcomer hears nothing twice and misses nothing.
   */
  #watch(socket: LiveSocket, target: unknown): WatchAnswer {
    const parsed = Target.safeParse(target);
    if (!parsed.success) return { error: 'Expected {"job_id": "<uuid>"} or {"all": true}' };
    const room = roomOf(parsed.data);
    const { aside } = socket.data;
    const rooms = this.#audience.of(socket);
    if (rooms.size + aside.size >= mostRooms && !rooms.has(room) && !aside.has(room)) {
      return { error: `At most ${mostRooms} jobs can be watched by one connection` };
    }
    const jobs = this.#read(parsed.data);
    if (!jobs) return { error: 'Job not found' };
    this.#audience.flush();
    this.#enter(socket, room);
    return { jobs, system: this.#snapshot.system() };
  }

  #read(target: Target): readonly JobItem[] | undefined {
    if ('all' in target) {
      this.#pace.flushAll();
      return [...this.#snapshot.newest(newestJobs).map(toJobItem), ...this.#remote.list];
    }
    this.#pace.flush(target.job_id);
    const job = this.#snapshot.job(target.job_id);
    const item = job ? toJobItem(job) : this.#remote.get(target.job_id);
    return item && [item];
  }

  /** The last progress before a change is told before it: never thinned out, never behind the change. */
  #tellChange(job: Job): void {
    this.#pace.flush(job.id);
    if (isFinal(job.status)) this.#pace.drop(job.id);
    this.#tell(roomsOf(job.id), 'job', toJobItem(job));
  }

  #tellRemoval(jobId: string): void {
    this.#pace.drop(jobId);
    this.#tell(roomsOf(jobId), 'job_removed', { job_id: jobId });
    for (const socket of this.#server.of('/').sockets.values()) {
      this.#audience.leave(socket, jobRoom(jobId));
      socket.data.aside.delete(jobRoom(jobId));
    }
  }

  /** Nobody hears it twice, since who watches everything is in no job's room. */
  #tell<E extends keyof ServerToClientEvents>(
    rooms: readonly string[],
    event: E,
    ...what: Parameters<ServerToClientEvents[E]>
  ): void {
    this.#audience.tell(rooms, (part) => this.#server.to(part).emit(event, ...what));
  }

  #enter(socket: LiveSocket, room: string): void {
    const { aside } = socket.data;
    const rooms = this.#audience.of(socket);
    if (room === everything) {
      for (const job of rooms) if (job !== everything) aside.add(job);
      for (const job of aside) this.#audience.leave(socket, job);
    }
    if (room !== everything && rooms.has(everything)) aside.add(room);
    else this.#audience.join(socket, room);
  }

  #unwatch(socket: LiveSocket, room: string): void {
    const { aside } = socket.data;
    this.#audience.leave(socket, room);
    aside.delete(room);
    if (room !== everything) return;
    for (const job of aside) this.#audience.join(socket, job);
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
