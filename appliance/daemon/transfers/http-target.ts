// Delivers by HTTP: a PUT or POST for each file, streamed.
import { request as http, STATUS_CODES } from 'node:http';
import { request as https } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { WrittenTarget } from '../pipelines/book.ts';
import { placeOf } from '../pipelines/place.ts';
import { isBusy } from './answer-head.ts';
import { counted } from './counted.ts';
import type { Sending, Target } from './target.ts';
import { Unreached } from './unreached.ts';

type Written = Extract<WrittenTarget, { kind: 'http' }>;

export class HttpTarget implements Target {
  readonly #written: Written;

  constructor(written: Written) {
    this.#written = written;
  }

  place(jobId: string): string {
    return placeOf(this.#written, jobId);
  }

  async send(sending: Sending): Promise<void> {
    const { signal } = sending;
    try {
      await this.#put(sending);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Unreached || error instanceof Fault) throw error;
      const code = codeOf(error);
      if (code === '') throw error;
      throw new Unreached(`no answer (${code})`, { cause: error });
    }
  }

  close(): void {
    // A connection for each file.
  }

  #put({ jobId, file, signal, onBytes }: Sending): Promise<void> {
    const { url, method, headers: secrets } = this.#written;
    const words = { '{job_id}': encodeURIComponent(jobId), '{file}': encodeURIComponent(file.name) };
    const where = new URL(url.replace(/\{job_id\}|\{file\}/g, (word) => words[word as keyof typeof words]));
    const told = Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()] as const);
    const headers = {
      'user-agent': 'Vedette',
      'content-type': file.type,
      ...Object.fromEntries(told),
      'content-length': String(file.bytes),
    };
    const send = where.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const over = (finish: () => void) => {
        finish();
        // What else it says is of no interest, and may have no end.
        sent.destroy();
      };
      let given = 0;
      const giving = async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          given += piece.length;
          yield piece;
        }
      };
      const sent = send(where, { method, headers, agent: false, signal }, (answer) => {
        const status = answer.statusCode ?? 0;
        const isEarly = given < file.bytes || sent.writableLength > 0;
        const objection = judge(status) ?? (isEarly ? new Unreached(`it answered ${status} too early`) : null);
        over(() => (objection ? reject(objection) : resolve()));
      });
      sent.on('error', reject);
      // After either of them comes no error, and no answer.
      sent.on('upgrade', (_answer, socket) => {
        socket.destroy();
        reject(new Fault('delivery-failed', 'it answered 101 Switching Protocols'));
      });
      sent.on('close', () => reject(new Unreached('no answer (it was closed)')));
      // What breaks the stream is told by the request, but for what the file itself reports.
      pipeline(file.open(signal), counted(onBytes), giving, sent).catch(reject);
    });
  }
}

function judge(status: number): Error | null {
  if (status >= 200 && status < 300) return null;
  const words = `it answered ${status} ${STATUS_CODES[status] ?? ''}`.trim();
  return isBusy(status) ? new Unreached(words) : new Fault('delivery-failed', words);
}
