// Brings a job's source from its URL into the job's folder: by the policy, in as many tries as it takes, going on where it was.
import type { IncomingMessage } from 'node:http';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { NeverFits } from '../jobs/never-fits.ts';
import { askAgainBytes, type Space } from '../serve/incoming-file.ts';
import { videoType } from '../serve/magic.ts';
import { storageFault } from '../serve/storage-fault.ts';
import { readHead, validatorOf } from './answer-head.ts';
import { arrived, dropPart, type Identify, PartFile } from './part-file.ts';
import { Attempts, backOff, Patience } from './patience.ts';
import { get } from './request.ts';
import { Slots } from './slots.ts';
import { Unreached } from './unreached.ts';
import { hostOf, type UrlPolicy } from './url-policy.ts';

export interface Room extends Space {
  /** Bytes that a file may have which is to fit at all, whatever else goes. */
  most(): Promise<number>;
}

export interface DownloadsOptions {
  readonly policy: UrlPolicy;
  readonly maxBytes: number;
  readonly stallMs: number;
  /** Downloads at the same time. One that waits for its server, or for room, is none of them. */
  readonly atOnce: number;
  /** After so long in which no try has brought anything worth the name. */
  readonly giveUpMs?: number;
  /** Behind the first of the tries. */
  readonly backOffMs?: number;
  /** Before the first look whether there is room now. */
  readonly roomMs?: number;
  readonly space: Room;
  /** Only videos are taken unless told. */
  readonly identify?: Identify;
  readonly log: Log;
}

export interface DownloadWork {
  readonly jobId: string;
  /** The job's own. */
  readonly folder: string;
  readonly url: string;
  readonly signal: AbortSignal;
  /** `total`: null while it is unknown. */
  readonly onBytes: (bytes: number, total: number | null) => void;
  /** Why it waits; null: it goes on. */
  readonly onHeld: (reason: string | null) => void;
}

/** What a try has come to. */
interface Reached {
  bytes: number;
  /** Bytes that are still to come, as far as is known. */
  left: number;
}

const usual = { giveUpMs: 3_600_000, backOffMs: 1000, roomMs: 2000, identify: videoType };
/** A try that brings less was in vain. */
const worthBytes = 64 * 1024;

export class Downloads {
  readonly #options: Required<DownloadsOptions>;
  readonly #slots: Slots;

  constructor(options: DownloadsOptions) {
    this.#options = { ...usual, ...options };
    this.#slots = new Slots(options.atOnce);
  }

  /**
   * The input lies in the folder when this resolves. Waits for a server that is away, and for room. Throws the signal's
   * reason, Fault 'source-url-refused', 'download-failed', 'invalid-video', 'data-not-writable', after which another call
   * goes on, and NeverFits.
   */
  async fetch(work: DownloadWork): Promise<{ readonly bytes: number; readonly type: string }> {
    const { policy, giveUpMs, backOffMs, identify, log } = this.#options;
    const { jobId, folder, signal, onHeld } = work;
    const url = policy.check(work.url);
    const attempts = new Attempts(giveUpMs);
    let [furthest, looks] = [0, 0];
    for (;;) {
      const seen: Reached = { bytes: 0, left: 0 };
      const release = await this.#slots.take(signal);
      let trouble: unknown;
      try {
        onHeld(null);
        return (await arrived(folder, identify)) ?? (await this.#once(url, work, seen));
      } catch (error) {
        signal.throwIfAborted();
        trouble = error instanceof Unreached ? error : await this.#final(error, folder);
      } finally {
        release();
      }
      if (seen.bytes >= furthest + worthBytes) {
        furthest = seen.bytes;
        looks = 0;
        attempts.forget();
      }
      if (trouble instanceof Unreached) {
        const reason = `${hostOf(url)}: ${trouble.message}`;
        const goesOn = attempts.failed();
        const failures = attempts.count;
        log.warn({ jobId, bytes: seen.bytes, failures, reason }, 'download was interrupted');
        if (!goesOn) throw new Fault('download-failed', `The download failed ${failures} times; ${reason}.`);
        onHeld(`It waits for its source: ${reason}.`);
        await backOff(failures, backOffMs, trouble.retryAfterS, signal);
      } else if (trouble instanceof Fault && trouble.code === 'disk-full' && !(trouble instanceof NeverFits)) {
        looks = await this.#room(trouble, seen.left, looks, work);
      } else throw trouble;
    }
  }

  /** What has come of it goes. */
  async drop(folder: string): Promise<void> {
    await dropPart(folder);
  }

  /** Resolves, with the looks so far, when there is room for so many bytes: until then the source is left alone. */
  async #room(fault: Fault, bytes: number, before: number, { signal, onHeld }: DownloadWork): Promise<number> {
    const { space, roomMs } = this.#options;
    let full: Fault | null = fault;
    let looks = before;
    while (full) {
      looks += 1;
      onHeld(`It waits for room: ${full.message}`);
      await backOff(looks, roomMs, null, signal);
      full = await space.admit(bytes).then(
        () => null,
        (error: unknown) => {
          if (error instanceof Fault && error.code === 'disk-full') return error;
          throw storageFault(error) ?? error;
        },
      );
    }
    return looks;
  }

  async #once(url: URL, work: DownloadWork, seen: Reached): Promise<{ bytes: number; type: string }> {
    const { space, stallMs, identify } = this.#options;
    const part = await PartFile.open(work.folder, identify);
    const patience = new Patience(stallMs, work.signal);
    try {
      if (!part.isWhole) await this.#take(url, part, { ...work, patience });
      return await part.finish();
    } finally {
      patience.close();
      space.release(part);
      seen.bytes = part.bytes;
      seen.left = part.total === null ? askAgainBytes : Math.max(part.total - part.bytes, 0);
      await part.secure().catch(() => undefined); // less of it is taken up later
      await part.close();
    }
  }

  async #take(url: URL, part: PartFile, { patience, onBytes }: DownloadWork & { patience: Patience }): Promise<void> {
    const { space, maxBytes } = this.#options;
    const answer = await this.#ask(url, part, patience.signal);
    try {
      const { total } = part;
      if (total !== null) await this.#judge(total);
      await space.admit(total === null ? 0 : total - part.bytes, part);
      let askAt = part.bytes + askAgainBytes;
      onBytes(part.bytes, total);
      for await (const chunk of bodyOf(answer, patience.signal)) {
        patience.moved(chunk.length);
        if (part.bytes + chunk.length > maxBytes) throw tooLong(part.bytes + chunk.length, maxBytes);
        await part.append(chunk);
        onBytes(part.bytes, total);
        if (part.bytes < askAt) continue;
        askAt = part.bytes + askAgainBytes;
        await space.admit(total === null ? askAgainBytes : Math.max(total - part.bytes, 0), part);
      }
      if (total !== null && part.bytes < total) throw new Unreached(`it ended after ${part.bytes} of ${total} bytes`);
    } finally {
      answer.destroy();
    }
  }

  /** Throws where a file of so many bytes is not wanted, or can never be here. */
  async #judge(total: number): Promise<void> {
    const { space, maxBytes } = this.#options;
    if (total > maxBytes) throw tooLong(total, maxBytes);
    const most = await space.most();
    if (total <= most) return;
    const [has, fit] = [total, most].map((count) => (count / 2 ** 20).toFixed(1));
    throw new NeverFits(
      `It has ${has ?? ''} MB; no more than ${fit ?? ''} MB can ever be here, by the size of the disk less what must ` +
        'stay free (serve.disk_reserve_mb), and by storage.uploads_mb.',
    );
  }

  /** The answer, at the byte that the part ends with. */
  async #ask(url: URL, part: PartFile, signal: AbortSignal): Promise<IncomingMessage> {
    const { policy } = this.#options;
    const plain = { 'user-agent': 'Vedette', accept: '*/*', 'accept-encoding': 'identity' };
    const { bytes, validator } = part;
    const from = validator === null ? 0 : bytes;
    const range = from > 0 && validator !== null ? { range: `bytes=${from}-`, 'if-range': validator } : {};
    const answer = await get(url, { policy, headers: { ...plain, ...range }, signal });
    try {
      const head = readHead(answer.statusCode ?? 0, answer.headers, { from, validator });
      if (head.kind === 'rest' && (head.total === null || head.total === part.total)) return answer;
      if (head.kind === 'whole') {
        await part.begin({ validator: validatorOf(answer.headers), total: head.total });
        return answer;
      }
      await part.begin({ validator: null, total: null });
    } catch (error) {
      answer.destroy();
      throw error;
    }
    answer.destroy();
    return this.#ask(url, part, signal); // asks for the whole now, whose answer is no rest
  }

  /** What no other try would mend. What has come is kept only where it is fit to go on with. */
  async #final(error: unknown, folder: string): Promise<unknown> {
    const fault = error instanceof Fault ? error : storageFault(error);
    const goesOn = fault?.code === 'disk-full' && !(fault instanceof NeverFits);
    if (fault && !goesOn && fault.code !== 'data-not-writable') await dropPart(folder);
    return fault ?? error;
  }
}

async function* bodyOf(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const stop = () => answer.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const body = (answer as AsyncIterable<Buffer, undefined>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await body.next().catch((cause: unknown) => {
        signal.throwIfAborted();
        throw new Unreached(`the connection broke (${codeOf(cause) || 'it was closed'})`, { cause });
      });
      signal.throwIfAborted();
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tooLong(bytes: number, most: number): Fault {
  const [has, allowed] = [bytes, most].map((count) => (count / 2 ** 20).toFixed(1));
  return new Fault('download-failed', `It has ${has ?? ''} MB or more; downloads.max_mb allows ${allowed ?? ''} MB.`);
}
