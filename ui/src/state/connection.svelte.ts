// How the screen stays true: push while the socket is up, a question every two seconds while it is not.
import type { Socket } from 'socket.io-client';
import type { SystemView } from '../../../appliance/contract/api.ts';
import type {
  ClientToServerEvents,
  LookTarget,
  ServerToClientEvents,
  WatchAnswer,
} from '../../../appliance/contract/events.ts';
import type { ImportCopy } from '../../../appliance/contract/import-api.ts';
import type { PreviewView } from '../../../appliance/contract/preview.ts';
import type { LogLine, Vitals } from '../../../appliance/contract/system-api.ts';
import type { Appliance } from '../wire/appliance.ts';
import { Refusal } from '../wire/requests.ts';
import type { Access } from './access.svelte.ts';
import type { Jobs } from './jobs.svelte.ts';

/** `locked`: the appliance wants a key; nothing is asked until one is given. */
export type ConnectionState = 'connecting' | 'live' | 'polling' | 'offline' | 'locked';

export type PushSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface ConnectionOptions {
  /** Not connected yet: the connection opens it. */
  readonly socket: PushSocket;
  readonly appliance: Appliance;
  readonly jobs: Jobs;
  readonly access: Access;
  /** Pause between two questions while push is down, in ms. */
  readonly pollMs?: number;
  /** How long an answer may take before it counts as none, in ms. */
  readonly patienceMs?: number;
  readonly onState?: (state: ConnectionState) => void;
  /** Whether eyes are on the page; else nothing is looked at. */
  readonly isVisible?: () => boolean;
  /** What is pushed beside the jobs, each to its own part of the screen. */
  readonly onVitals?: (vitals: Vitals) => void;
  readonly onImports?: (copies: readonly ImportCopy[]) => void;
  readonly onPreview?: (preview: PreviewView) => void;
  readonly onLog?: (lines: readonly LogLine[]) => void;
}

const askedJobs = 100;

export class Connection {
  #state = $state<ConnectionState>('connecting');
  /** The newest known; stays while push is down. */
  system = $state.raw<SystemView | null>(null);

  readonly #socket: PushSocket;
  readonly #appliance: Appliance;
  readonly #jobs: Jobs;
  readonly #pollMs: number;
  readonly #patienceMs: number;
  readonly #options: ConnectionOptions;
  readonly #onState: (state: ConnectionState) => void;
  readonly #forgetKey: () => void;
  /** Ends the asking that is under way; null while push is up. */
  #asking: AbortController | null = null;
  /** How many parts of the screen want each. */
  readonly #wanted = { preview: 0, log: 0 };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#appliance = options.appliance;
    this.#jobs = options.jobs;
    this.#pollMs = options.pollMs ?? 2000;
    this.#patienceMs = options.patienceMs ?? 5000;
    this.#onState = options.onState ?? (() => undefined);
    this.#forgetKey = options.access.onKey(() => this.#restart());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    const { jobs, socket, onVitals, onImports, onPreview, onLog } = this.#options;
    socket.on('connect', () => void this.#watch());
    socket.on('disconnect', () => this.#fallBack());
    socket.on('connect_error', () => this.#fallBack());
    socket.on('job', (job) => jobs.put(job));
    socket.on('progress', (progress) => jobs.advance(progress));
    socket.on('job_removed', ({ job_id }) => jobs.remove(job_id));
    socket.on('system', (system) => (this.system = system));
    socket.on('vitals', (vitals) => onVitals?.(vitals));
    socket.on('imports', ({ copies }) => onImports?.(copies));
    socket.on('preview', (preview) => onPreview?.(preview));
    socket.on('log', ({ lines }) => onLog?.(lines));
    socket.connect();
  }

  /** Has previews, or the log, pushed until the function that it returns is called. */
  look(at: keyof LookTarget): () => void {
    this.#wanted[at] += 1;
    this.#tellLooks();
    let looking = true;
    return () => {
      if (!looking) return;
      looking = false;
      this.#wanted[at] -= 1;
      this.#tellLooks();
    };
  }

  /** For a tab that was asleep, or a network that came back: what is known may be old, and a dead socket unnoticed. */
  wake(): void {
    this.#tellLooks();
    if (this.#state === 'live') void this.#watch();
    else if (this.#state !== 'locked') this.#restart();
  }

  /** For a page that is hidden: it is shown nothing that only eyes want. */
  rest(): void {
    this.#tellLooks();
  }

  close(): void {
    this.#forgetKey();
    this.#socket.off().disconnect();
    this.#stopAsking();
  }

  /** Asks for a snapshot. Without one the socket is of no use: it is let go, and asking takes over. */
  async #watch(): Promise<void> {
    const { id } = this.#socket;
    const answer = await this.#snapshot();
    if (!this.#socket.connected || this.#socket.id !== id) return;
    if ('error' in answer) {
      this.#socket.disconnect();
      return;
    }
    this.#stopAsking();
    this.#jobs.replace(answer.jobs);
    this.system = answer.system;
    this.#tellLooks();
    this.#become('live');
  }

  /** A hidden page looks at nothing, whatever its parts want. */
  #tellLooks(): void {
    if (!this.#socket.connected) return;
    const seen = this.#options.isVisible?.() ?? true;
    this.#socket.emit('look', { preview: seen && this.#wanted.preview > 0, log: seen && this.#wanted.log > 0 });
  }

  #snapshot(): Promise<WatchAnswer> {
    return new Promise((resolve) => {
      this.#socket.timeout(this.#patienceMs).emit('watch', { all: true }, (late: Error | null, answer) => {
        resolve(late ? { error: late.message } : answer);
      });
    });
  }

  /** At once instead of after the socket's back-off. */
  #restart(): void {
    this.#become('connecting');
    this.#socket.disconnect().connect();
    this.#stopAsking();
    this.#fallBack();
  }

  #fallBack(): void {
    if (this.#asking || this.#state === 'locked') return;
    if (this.#state === 'live') this.#become('polling');
    this.#asking = new AbortController();
    void this.#keepAsking(this.#asking.signal);
  }

  #become(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }

  #stopAsking(): void {
    this.#asking?.abort();
    this.#asking = null;
  }

  async #keepAsking(stop: AbortSignal): Promise<void> {
    const ended = (): boolean => stop.aborted;
    while (!ended()) {
      const state = await this.#ask(stop);
      // Push may have come back while the answer was on its way; then the answer is the older one.
      if (ended()) return;
      this.#become(state);
      if (state === 'locked') {
        this.#socket.disconnect();
        this.#stopAsking();
        return;
      }
      await pause(this.#pollMs, stop);
      // A socket that was refused or let go does not try again by itself.
      if (!ended() && !this.#socket.active) this.#socket.connect();
    }
  }

  async #ask(stop: AbortSignal): Promise<ConnectionState> {
    const request = new AbortController();
    const abort = (): void => request.abort();
    const timer = setTimeout(abort, this.#patienceMs);
    stop.addEventListener('abort', abort, { once: true });
    try {
      const jobs = await this.#appliance.jobs(askedJobs, request.signal);
      if (!stop.aborted) this.#jobs.replace(jobs);
      return 'polling';
    } catch (error) {
      // Whatever went wrong, the screen says so by its state, and asks again.
      return error instanceof Refusal && error.status === 401 ? 'locked' : 'offline';
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', abort);
    }
  }
}

/** Resolves after `ms`, or as soon as `stop` is aborted. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done, { once: true });
    if (stop.aborted) done();
  });
}
