// What running jobs see now, for those who look: their workers make pictures only while somebody does.
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { Preview } from './job-run.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface LookoutOptions {
  readonly stream: EventStream;
  readonly log: Log;
}

/** Who polls comes again within so much. */
const glanceMs = 5000;

export class Lookout {
  readonly #options: LookoutOptions;
  /** Of running jobs, by id. */
  readonly #views = new Map<string, View>();
  #looked = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /** Whether somebody looks at every running job from now on. */
  look(on: boolean): void {
    this.#looked = on;
    for (const view of this.#views.values()) view.look(on);
  }

  /** The newest JPEG of a running job, null where there is none yet; more are made for the next seconds. */
  glance(jobId: string): Uint8Array | null {
    return this.#views.get(jobId)?.glance() ?? null;
  }

  /** A job begins. */
  open(jobId: string): View {
    const view = new View(jobId, this.#options);
    view.look(this.#looked);
    this.#views.set(jobId, view);
    return view;
  }

  /** It has ended, or waits again. */
  close(jobId: string): void {
    this.#views.get(jobId)?.close();
    this.#views.delete(jobId);
  }
}

export class View {
  readonly #jobId: string;
  readonly #options: LookoutOptions;
  #worker: Pick<WorkerProcess, 'send'> | null = null;
  /** What the worker knows. */
  #told = false;
  #looked = false;
  #glanced: NodeJS.Timeout | null = null;
  #newest: Uint8Array | null = null;

  constructor(jobId: string, options: LookoutOptions) {
    this.#jobId = jobId;
    this.#options = options;
  }

  /** The worker that has the job now. */
  attach(worker: Pick<WorkerProcess, 'send'>): void {
    this.#worker = worker;
    this.#told = false;
    this.#tell();
  }

  detach(): void {
    this.#worker = null;
    this.#told = false;
  }

  look(on: boolean): void {
    this.#looked = on;
    this.#tell();
  }

  glance(): Uint8Array | null {
    if (this.#glanced) clearTimeout(this.#glanced);
    this.#glanced = setTimeout(() => {
      this.#glanced = null;
      this.#tell();
    }, glanceMs);
    this.#tell();
    return this.#newest;
  }

  /** One that nobody asked for, or asks for any more, is let go. */
  take({ sight, picture: base64 }: Preview): void {
    if (!this.#told) return;
    const picture = Buffer.from(base64, 'base64');
    if (!isJpeg(picture)) {
      this.#options.log.warn({ jobId: this.#jobId, bytes: picture.length }, 'preview is no JPEG; it is not shown');
      return;
    }
    this.#newest = picture;
    this.#options.stream.emit({ kind: 'job-previewed', jobId: this.#jobId, sight, picture });
  }

  close(): void {
    if (this.#glanced) clearTimeout(this.#glanced);
    this.#glanced = null;
    this.#worker = null;
  }

  #tell(): void {
    const on = this.#looked || this.#glanced !== null;
    if (!this.#worker || on === this.#told) return;
    this.#told = on;
    this.#worker.send({ type: 'look', on });
  }
}

/** It is served as one: SOI and the marker behind it (ITU-T T.81, B.1.1.3). */
function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}
