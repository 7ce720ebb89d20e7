// Who looks at what beside the jobs, and is shown it: pictures of running jobs, and the log.
import type { LookTarget } from '../../contract/events.ts';
import type { PreviewView } from '../../contract/preview.ts';
import { Audience } from './audience.ts';
import { isBehind } from './backlog.ts';
import type { LiveServer, LiveSocket } from './live-server.ts';
import type { EventStream } from './stream.ts';

export interface LookingOptions {
  readonly server: LiveServer;
  readonly stream: EventStream;
  /** Called when the first one begins to look at previews, and when the last one is gone. */
  readonly onLookers: (on: boolean) => void;
}

/** Since the start, one for each client and picture. */
export interface PreviewCounts {
  readonly told: number;
  /** Of clients that were behind. */
  readonly dropped: number;
}

const logRoom = 'log';
/** Lookers that are shown a picture in one turn of the event loop, in about 2 ms. */
const mostInTurn = 20;

export class Looking {
  readonly #server: LiveServer;
  readonly #onLookers: (on: boolean) => void;
  readonly #readers: Audience<LiveSocket>;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #lookers = new Set<LiveSocket>();
  #looked = false;
  /** The newest of each job that was not begun with; an older one has given way to it. */
  readonly #waiting = new Map<string, PreviewView>();
  #showing: { readonly preview: PreviewView; readonly left: LiveSocket[] } | null = null;
  #turn: NodeJS.Immediate | undefined;
  #told = 0;
  #dropped = 0;

  constructor({ server, stream, onLookers }: LookingOptions) {
    this.#server = server;
    this.#onLookers = onLookers;
    this.#readers = new Audience(() => server.of('/').adapter.rooms);
    this.#unsubscribe = [
      stream.on('job-previewed', ({ jobId, sight, picture }) => this.#offer({ ...sight, job_id: jobId, picture })),
      stream.on('logged', ({ lines }) =>
        this.#readers.tell([logRoom], (part) => this.#server.to(part).emit('log', { lines })),
      ),
    ];
  }

  get previews(): PreviewCounts {
    return { told: this.#told, dropped: this.#dropped };
  }

  /** In place of what it looked at before. */
  look(socket: LiveSocket, { preview = false, log = false }: LookTarget): void {
    if (preview) this.#lookers.add(socket);
    else this.#lookers.delete(socket);
    if (log) this.#readers.join(socket, logRoom);
    else this.#readers.leave(socket, logRoom);
    this.#tellLookers();
  }

  /** It is gone. */
  leave(socket: LiveSocket): void {
    this.#lookers.delete(socket);
    this.#tellLookers();
  }

  /** Tells what is left of the log; pictures are let go. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearImmediate(this.#turn);
    this.#waiting.clear();
    this.#showing = null;
    this.#readers.flush();
  }

  #tellLookers(): void {
    const looked = this.#lookers.size > 0;
    if (looked === this.#looked) return;
    this.#looked = looked;
    this.#onLookers(looked);
  }

  #offer(preview: PreviewView): void {
    if (this.#lookers.size === 0) return;
    if (this.#waiting.has(preview.job_id)) this.#dropped += this.#lookers.size;
    this.#waiting.set(preview.job_id, preview);
    if (this.#turn === undefined) this.#next();
  }

  #next(): void {
    this.#turn = undefined;
    const showing = this.#showing ?? this.#begin();
    if (!showing) return;
    for (const socket of showing.left.splice(0, mostInTurn)) this.#show(socket, showing.preview);
    this.#showing = showing.left.length > 0 ? showing : null;
    if (this.#showing !== null || this.#waiting.size > 0) this.#turn = setImmediate(() => this.#next());
  }

  #begin() {
    const [preview] = this.#waiting.values();
    if (!preview) return null;
    this.#waiting.delete(preview.job_id);
    return { preview, left: [...this.#lookers] };
  }

  /** To each alone: what is told to a room goes to who is behind as well, until it is cut. */
  #show(socket: LiveSocket, preview: PreviewView): void {
    if (!this.#lookers.has(socket)) return;
    if (isBehind(socket.conn.transport)) {
      this.#dropped += 1;
      return;
    }
    socket.volatile.emit('preview', preview);
    this.#told += 1;
  }
}
