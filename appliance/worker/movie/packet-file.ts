// Packets on their way into a movie: their bytes in a file behind each other, as they come.
import { type FileHandle, open, rm } from 'node:fs/promises';
import { type Disk, writeWhole } from '../disk.ts';

/** Written at once; so much of it waits in memory. */
const fullAt = 256 * 1024;

/** Methods wait for room on a full disk, and throw as Disk.write does. */
export class PacketFile {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #file: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** In the file, or on their way there. */
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, disk: Disk, file: FileHandle) {
    this.#path = path;
    this.#disk = disk;
    this.#file = file;
  }

  /** An earlier worker's file is begun anew. */
  static async open(path: string, disk: Disk): Promise<PacketFile> {
    return new PacketFile(path, disk, await disk.write(() => open(path, 'w+')));
  }

  /** Where the next packet will lie. */
  get end(): number {
    return this.#bytes + this.#waitingBytes;
  }

  /** To read from, behind a flush. */
  get handle(): FileHandle {
    return this.#file;
  }

  /** Kept until it is written: nothing may change it. */
  async append(packet: Uint8Array): Promise<void> {
    this.#waiting.push(packet);
    this.#waitingBytes += packet.length;
    if (this.#waitingBytes >= fullAt) await this.flush();
  }

  flush(): Promise<void> {
    const chunk = Buffer.concat(this.#waiting);
    const position = this.#bytes;
    this.#bytes += chunk.length;
    [this.#waiting, this.#waitingBytes] = [[], 0];
    // More packets may come while one chunk is written.
    this.#writing = this.#writing.then(() => this.#disk.write(() => writeWhole(this.#file, chunk, position)));
    return this.#writing;
  }

  /** Takes all of them away again. */
  async clear(): Promise<void> {
    await this.flush();
    this.#bytes = 0;
    await this.#disk.write(() => this.#file.truncate());
  }

  /** Closes the file and takes it away. */
  async close(): Promise<void> {
    await this.#writing.catch(() => undefined); // told to whoever waited for it
    await this.#file.close();
    await rm(this.#path, { force: true }).catch(() => undefined); // left behind, it goes with the job's folder
  }
}
