// The entry of a worker process: prepares itself, waits as a spare, does one job or looks at pictures, leaves.
import { getPriority, setPriority } from 'node:os';
import { Fault } from '../contract/fault.ts';
import { ToWorker, type FromWorker } from '../contract/ipc.ts';
import { openLog } from '../log.ts';
import { Model } from './infer/model.ts';
import { loadRuntime } from './infer/runtime.ts';
import { Hold } from './hold.ts';
import { loadGStreamer, requireElements } from './ingest/gstreamer.ts';
import { platforms } from './ingest/pipeline.ts';
import { Player } from './ingest/player.ts';
import { runJob } from './job.ts';
import { Looker } from './looker.ts';
import { reasonOf } from './tools/load-plugin.ts';
import { toolsFor } from './tools/registry.ts';

type Prepare = Extract<ToWorker, { type: 'prepare' }>;
type Start = Extract<ToWorker, { type: 'start' }>;
type Picture = Extract<ToWorker, { type: 'picture' }>;
type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'preparing' }
  | { readonly kind: 'spare'; readonly model: Model; readonly player: Player }
  | { readonly kind: 'working' }
  | { readonly kind: 'looking'; readonly looker: Looker; readonly player: Player }
  | { readonly kind: 'leaving' };

const platform = platforms.software;
/** The real one: plugins from outside get another. */
const exit = process.exit.bind(process);

class Worker {
  readonly #log = openLog('info', 'worker');
  readonly #cancelling = new AbortController();
  readonly #hold = new Hold();
  /** Whether somebody wants to see its previews. */
  #looked = false;
  /** The plugin from outside whose code is loaded: what nobody catches is taken to be its own. */
  #outside: { readonly id: string; readonly path: string } | null = null;
  #state: State = { kind: 'new' };

  /** Messages are heard between frames: an inference blocks the thread, and every one begins from the event loop. */
  listen(): void {
    process.on('message', (message) => this.#hear(ToWorker.parse(message)));
    // Ctrl-C and systemd signal the daemon and its workers alike. What becomes of the job is the daemon's to say, by message.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
    // The daemon died: nobody is left to tell, and the job will be run again.
    process.on('disconnect', () => vanish());
    process.on('uncaughtException', (err) => {
      if (this.#outside === null) {
        this.#log.fatal({ err }, 'worker failed by a bug');
        return vanish();
      }
      const { id, path } = this.#outside;
      this.#log.warn({ err, plugin: id }, 'plugin failed beside its tools');
      const message = `The plugin ${id} failed beside its tools: ${reasonOf(err, path)}`;
      this.#leaveAtOnce({ type: 'failed', code: 'tool-failed', message });
    });
  }

  #hear(message: ToWorker): void {
    switch (message.type) {
      case 'prepare':
        return void this.#prepare(message);
      case 'start':
        return void this.#work(message);
      case 'picture':
        return void this.#look(message);
      case 'forget':
        if (this.#state.kind === 'looking') this.#state.looker.forget(message.stream);
        return;
      case 'look':
        this.#looked = message.on;
        return;
      case 'pause':
        return this.#hold.close();
      case 'continue':
        return this.#hold.open();
      case 'cancel':
        return this.#cancel();
    }
  }

  async #prepare({ model: { name, path }, providers, threads, runtime: settings }: Prepare): Promise<void> {
    if (this.#state.kind !== 'new') throw new Error(`prepare in state ${this.#state.kind}`);
    this.#state = { kind: 'preparing' };
    try {
      const gstreamer = loadGStreamer();
      requireElements(gstreamer, platform.elements);
      const runtime = loadRuntime(settings?.binding ?? null);
      const tensorrt = settings ? { tensorrt: settings } : {};
      const model = await Model.load({ name, path, providers, threads, runtime, ...tensorrt });
      this.#cancelling.signal.throwIfAborted();
      this.#state = { kind: 'spare', model, player: new Player(gstreamer) };
      send({ type: 'ready', model: model.card, refused: [...model.refused], runtime: runtime.info });
    } catch (error) {
      this.#leave(this.#failure(error));
    }
  }

  async #work(start: Start): Promise<void> {
    if (this.#state.kind !== 'spare') throw new Error(`start in state ${this.#state.kind}`);
    const { model, player } = this.#state;
    this.#state = { kind: 'working' };
    const { signal } = this.#cancelling;
    const hold = this.#hold;
    const looked = () => this.#looked;
    const log = this.#log.child({ jobId: start.jobId });
    try {
      if (start.plugin) this.#outside = { id: start.pluginId, path: start.plugin.path };
      const tools = await toolsFor(start);
      const done = await runJob({ start, tools, model, player, platform, send, hold, looked, signal, log });
      this.#leave(done, player);
    } catch (error) {
      this.#leave(this.#failure(error), player);
    }
  }

  async #look(picture: Picture): Promise<void> {
    if (this.#state.kind === 'spare') {
      const { model, player } = this.#state;
      const looker = new Looker({ model, player, platform, toolsFor });
      this.#state = { kind: 'looking', looker, player };
    }
    if (picture.plugin) this.#outside = { id: picture.pluginId, path: picture.plugin.path };
    if (this.#state.kind !== 'looking') throw new Error(`picture in state ${this.#state.kind}`);
    send(await this.#state.looker.look(picture));
  }

  #cancel(): void {
    this.#cancelling.abort(new Fault('cancelled', 'Cancelled'));
    const { kind } = this.#state;
    // With no job there is nothing that would notice.
    if (kind === 'working' || kind === 'leaving') return;
    const lastWord = this.#failure(this.#cancelling.signal.reason);
    // A model that is being loaded cannot be called off, and nothing is lost with it.
    if (kind === 'preparing') this.#leaveAtOnce(lastWord);
    else this.#leave(lastWord, this.#state.kind === 'looking' ? this.#state.player : undefined);
  }

  /** Anything but a Fault is a bug: it is thrown on, and ends the process. */
  #failure(error: unknown): FromWorker {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'cancelled') this.#log.info('cancelled');
    else this.#log.warn({ code: error.code, err: error }, 'worker gives up');
    return { type: 'failed', code: error.code, message: error.message };
  }

  /** Says its last word first, since stopping a pipeline waits for its threads, and exit waits for a stopped pipeline. */
  #leave(lastWord: FromWorker, player?: Player): void {
    // A thread that hangs in a read would hold stop() and exit() for ever.
    if (lastWord.type === 'failed' && lastWord.code === 'source-stalled') return this.#leaveAtOnce(lastWord);
    this.#state = { kind: 'leaving' };
    send(lastWord, () => {
      player?.close();
      exit(0);
    });
  }

  #leaveAtOnce(lastWord: FromWorker): void {
    this.#state = { kind: 'leaving' };
    send(lastWord, vanish);
  }
}

function send(message: FromWorker, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent);
}

/** Ends the process without waiting for any of its threads. */
function vanish(): void {
  process.kill(process.pid, 'SIGKILL');
}

// Whoever asks for the status of a job is answered before the next frame is decoded.
setPriority(Math.max(getPriority(), 5));
new Worker().listen();
