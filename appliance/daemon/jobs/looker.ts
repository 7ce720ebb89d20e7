// One worker that stays, for pictures that are looked at now and not recorded: of live streams and of single questions.
import type { DetectionSettings } from '../../contract/detection.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard, ToolOutput } from '../../contract/frame.ts';
import type { ToWorker } from '../../contract/ipc.ts';
import type { Log } from '../../log.ts';
import type { PluginPlaces } from './job-terms.ts';
import type { Supplied } from './supplied.ts';
import type { Prepare, Report } from './worker-process.ts';
import type { WorkerSupply } from './worker-supply.ts';

export interface LookerOptions {
  readonly workers: Pick<WorkerSupply, 'take' | 'takeOther' | 'prepare' | 'stocked' | 'refill'>;
  readonly detection: (model: ModelCard) => DetectionSettings;
  /** Of plugins from outside. Only the one that comes with Vedette unless told. */
  readonly plugins?: PluginPlaces;
  /** True while no job runs or waits: the spare is nobody's then. */
  readonly idle: () => boolean;
  /** Without a picture for so long it gives its worker back. */
  readonly idleMs?: number;
  /** One picture may take so long; then its worker is ended. */
  readonly hangMs?: number;
  readonly log: Log;
}

export interface Look extends Pick<Extract<ToWorker, { type: 'picture' }>, 'stream' | 'pluginId' | 'tools' | 'ptsS'> {
  /** PNG or JPEG; `text`: in base64, as it stood in a JSON string. */
  readonly picture: Uint8Array;
  readonly form: 'bytes' | 'text';
  /** Aborted: nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export interface LookedAt {
  /** Of the picture as shown, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly outputs: Readonly<Record<string, ToolOutput>>;
  /** Between the picture's turn and its answer. */
  readonly ms: number;
}

type Question = Omit<Extract<ToWorker, { type: 'picture' }>, 'type' | 'id' | 'detection'>;
type Seen = Extract<Report, { type: 'seen' }>;

interface Resident extends Supplied {
  readonly prepare: Prepare;
  /** Aborted when it cannot be used any more, with a Fault as the reason. */
  readonly lost: AbortController;
  heard: ((seen: Seen) => void) | null;
}

export class Looker {
  readonly #options: LookerOptions & Required<Pick<LookerOptions, 'idleMs' | 'hangMs'>>;
  readonly #closing = new AbortController();
  #resident: Resident | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #pictures = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: LookerOptions) {
    this.#options = { idleMs: 30_000, hangMs: 20_000, ...options };
  }

  /**
   * Pictures are looked at in the order in which they come: who has one under way at a time gets a fair turn. Throws the
   * Fault that says what is wrong with the picture, the tool or the worker, or `cancelled`.
   */
  async look(look: Look): Promise<LookedAt> {
    clearTimeout(this.#idle);
    this.#waiting += 1;
    const turn = this.#turn.then(() => this.#look(look));
    this.#turn = turn.catch(() => undefined); // told to whoever asked for it
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#closing.signal.aborted) {
        this.#idle = setTimeout(() => this.#giveBack(), this.#options.idleMs);
      }
    }
  }

  /** The stream is over: what tools remember of it goes. */
  forget(stream: string): void {
    this.#resident?.worker.send({ type: 'forget', stream });
  }

  /** The worker itself is ended by its supply. */
  close(): void {
    clearTimeout(this.#idle);
    this.#closing.abort();
    this.#giveBack();
  }

  async #look({ signal, ...picture }: Look): Promise<LookedAt> {
    if (signal.aborted || this.#closing.signal.aborted) throw cancelled();
    const started = performance.now();
    const place = (await this.#options.plugins?.placeOf(picture.pluginId)) ?? null;
    const resident = await this.#reside(signal);
    const { seen, worn } = await this.#ask(resident, { ...picture, ...(place && { plugin: place }) });
    if (worn) {
      this.#options.log.info({ pictures: this.#pictures }, 'looking worker is worn; another one follows');
      this.#giveBack();
    }
    if (seen.kind === 'fault') throw new Fault(seen.code, seen.message);
    const { width, height, outputs } = seen;
    return { width, height, outputs, ms: performance.now() - started };
  }

  #ask(resident: Resident, picture: Question): Promise<Seen> {
    const { worker, model, lost } = resident;
    const id = ++this.#pictures;
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(late);
        lost.signal.removeEventListener('abort', fail);
        resident.heard = null;
        finish();
      };
      const fail = () => settle(() => reject(lost.signal.reason as Fault));
      const late = setTimeout(() => {
        worker.kill();
        this.#lose(resident, new Fault('worker-hung', 'The picture took too long, and was given up.'));
      }, this.#options.hangMs);
      if (lost.signal.aborted) return fail();
      lost.signal.addEventListener('abort', fail);
      resident.heard = (seen) => {
        if (seen.id === id) settle(() => resolve(seen));
      };
      worker.send({ type: 'picture', id, detection: this.#options.detection(model), ...picture });
    });
  }

  /** The worker that is there, or another one. */
  async #reside(signal: AbortSignal): Promise<Resident> {
    const { workers, idle, log } = this.#options;
    // Another model, or other plugins, since it was made.
    if (this.#resident && this.#resident.prepare !== workers.prepare) this.#giveBack();
    if (this.#resident) return this.#resident;
    const { prepare } = workers;
    const isSpare = workers.stocked && idle();
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const supplied = await (isSpare ? workers.take(either) : workers.takeOther(prepare, either));
    if (isSpare && idle()) workers.refill();
    const resident: Resident = { ...supplied, prepare, lost: new AbortController(), heard: null };
    this.#resident = resident;
    const { worker } = resident;
    worker.onReport((report) => {
      if (report.type === 'seen') resident.heard?.(report);
      if (report.type === 'failed') this.#lose(resident, new Fault(report.code, report.message));
    });
    void worker.gone.then(({ how, memory }) => {
      const code = memory ? 'worker-over-memory' : 'worker-died';
      this.#lose(resident, new Fault(code, `The worker ended while it looked at the picture: ${how}.`));
    });
    log.info({ worker: worker.pid }, 'looking worker begins');
    return resident;
  }

  #lose(resident: Resident, fault: Fault): void {
    resident.lost.abort(fault);
    if (this.#resident === resident) this.#giveBack();
  }

  #giveBack(): void {
    const resident = this.#resident;
    this.#resident = null;
    if (!resident) return;
    resident.lost.abort(cancelled());
    void resident.worker.end();
  }
}

function cancelled(): Fault {
  return new Fault('cancelled', 'Nobody waits for the picture any more.');
}
