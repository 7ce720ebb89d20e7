// One file on its way in: written as it comes, and refused as soon as its kind, its size or the disk says so.
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { acceptedContainers, describeHead, magicBytes, sniffVideo } from './magic.ts';

export interface FileLimits {
  readonly maxBytes: number;
  /** Free bytes of the disk that no upload may touch. */
  readonly reserveBytes: number;
}

/** Other writers fill the disk too: it is looked at again after so many bytes. */
const lookAgainBytes = 64 * 1024 * 1024;

export class IncomingFile {
  readonly #path: string;
  readonly #limits: FileLimits;
  #handle: FileHandle | undefined;
  #head: Buffer | null = Buffer.alloc(0);
  #lookAt = lookAgainBytes;
  bytes = 0;
  /** MIME type, known after finish(). */
  type = '';

  constructor(path: string, { maxBytes, reserveBytes }: FileLimits) {
    this.#path = path;
    this.#limits = { maxBytes, reserveBytes };
  }

  /** `expected`: bytes that are announced, 0 where unknown. Throws Fault `disk-full`. */
  async open(expected: number): Promise<void> {
    await this.#checkDisk(expected);
    this.#handle = await open(this.#path, 'wx', 0o600);
  }

  /** Throws Fault `upload-too-large`, `invalid-video` or `disk-full`. */
  async take(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) {
      this.bytes += chunk.length;
      if (this.bytes > this.#limits.maxBytes) throw tooLarge(this.#limits.maxBytes);
      if (this.bytes >= this.#lookAt) {
        this.#lookAt = this.bytes + lookAgainBytes;
        await this.#checkDisk(0);
      }
      if (this.#head === null) await this.#handle?.appendFile(chunk);
      else {
        this.#head = Buffer.concat([this.#head, chunk]);
        if (this.#head.length >= magicBytes) await this.#identify(this.#head);
      }
    }
    if (this.#head !== null) await this.#identify(this.#head);
  }

  /** What was written is on the disk when this resolves. */
  async finish(): Promise<void> {
    await this.#handle?.datasync();
    await this.close();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #identify(head: Buffer): Promise<void> {
    if (head.length === 0) throw new Fault('invalid-video', 'Invalid MP4 file: it is empty');
    const type = sniffVideo(head);
    if (type === undefined) {
      const seen = describeHead(head);
      throw new Fault('invalid-video', `Invalid MP4 file: expected ${acceptedContainers}, but it begins with ${seen}`);
    }
    this.type = type;
    this.#head = null;
    await this.#handle?.appendFile(head);
  }

  async #checkDisk(expected: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#path));
    const free = bavail * bsize;
    if (free - expected >= this.#limits.reserveBytes) return;
    const [has, needs, keeps] = [free, expected, this.#limits.reserveBytes].map((bytes) => Math.round(bytes / 1e6));
    throw new Fault(
      'disk-full',
      `Not enough space: ${has} MB are free, ${needs} MB more are announced, and ${keeps} MB must stay free`,
    );
  }
}

export function tooLarge(maxBytes: number): Fault {
  const most = maxBytes >= 1e6 ? `${Math.floor(maxBytes / 1e6)} MB` : `${maxBytes} bytes`;
  return new Fault('upload-too-large', `The file is larger than the ${most} that are accepted`);
}
