// Pictures over MQTT, where the settings want them: the last job's retained, and now and then what a running job sees.
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { Remark } from './mqtt-link.ts';
import type { Outbox } from './outbox.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';
import type { Topics } from './topics.ts';

/** JPEGs. */
export interface PictureSource {
  /** Of a finished job; null where there is none. */
  poster(jobId: string): Promise<Buffer | null>;
  /** What a running job has seen last, null where there is nothing yet; asked again within seconds, there is more. */
  glance(jobId: string): Uint8Array | null;
}

export interface MqttPicturesOptions {
  readonly source: PictureSource;
  readonly topics: Topics;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  readonly outbox: Outbox;
  /** False while there is no broker. */
  readonly say: (picture: Remark, done: () => void) => boolean;
  readonly log: Log;
  readonly everyMs?: number;
}

const defaultEveryMs = 2_000;
const mostBytes = 512 * 1024;
const seeded = 100;

export class MqttPictures {
  readonly #options: MqttPicturesOptions;
  readonly #unsubscribe: readonly (() => void)[];
  /** In the order in which they began. */
  readonly #running = new Set<string>();
  /** Whose picture is the last; null for none. */
  #posted: string | null = null;
  #shown: Uint8Array | null = null;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MqttPicturesOptions) {
    this.#options = options;
    const { stream } = options;
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#follow(job)),
      stream.on('job-removed', ({ jobId }) => this.#forget(jobId)),
    ];
  }

  /** The broker may have forgotten. */
  greet(): void {
    this.#leaving = false;
    const jobs = this.#options.snapshot.newest(seeded);
    for (const job of [...jobs].reverse()) if (job.status === 'running') this.#follow(job);
    const finished = jobs.filter((job) => isFinal(job.status) && job.hasPoster);
    const [last] = finished.sort((a, b) => (b.completedAt ?? 0) - (a.completedAt ?? 0));
    if (last) void this.#post(last.id);
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearInterval(this.#timer);
  }

  #follow(job: Job): void {
    if (job.status === 'running') this.#running.add(job.id);
    else this.#running.delete(job.id);
    if (isFinal(job.status) && job.hasPoster && job.id !== this.#posted) void this.#post(job.id);
    this.#keepTime();
  }

  #forget(jobId: string): void {
    this.#running.delete(jobId);
    this.#keepTime();
    if (this.#posted !== jobId) return;
    this.#posted = null;
    this.#options.outbox.put(this.#options.topics.poster, '');
  }

  #keepTime(): void {
    const { everyMs = defaultEveryMs } = this.#options;
    if (this.#running.size > 0) this.#timer ??= setInterval(() => this.#show(), everyMs).unref();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  /** One that the broker has not taken yet keeps the next one back. */
  #show(): void {
    const { source, topics, say } = this.#options;
    const [jobId] = this.#running;
    const picture = jobId === undefined ? null : source.glance(jobId);
    if (!picture || picture === this.#shown || this.#leaving || picture.length > mostBytes) return;
    const payload = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
    this.#leaving = true;
    const left = () => (this.#leaving = false);
    const told = say({ topic: topics.preview, payload, qos: 0, contentType: 'image/jpeg', expiryS: 10 }, left);
    if (told) this.#shown = picture;
    else left();
  }

  async #post(jobId: string): Promise<void> {
    const { source, outbox, topics, snapshot, log } = this.#options;
    this.#posted = jobId;
    try {
      const picture = await source.poster(jobId);
      if (!picture || picture.length > mostBytes) return;
      // It may have been removed, or another one have ended, while it was read.
      if (this.#posted === jobId && snapshot.job(jobId)) outbox.put(topics.poster, picture);
    } catch (err) {
      log.warn({ err, jobId }, 'poster not published');
    }
  }
}
