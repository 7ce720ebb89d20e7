// The coded frames of one stream, for the movie that is made of them: a file of their own, and what is known of each.
import type { FileHandle } from 'node:fs/promises';
import type { Disk } from '../disk.ts';
import type { Caps } from '../movie/caps.ts';
import { PacketFile } from '../movie/packet-file.ts';
import { Samples, type Track } from '../movie/samples.ts';

export interface Stream {
  readonly track: Track;
  readonly packets: FileHandle;
}

/** Methods throw as Disk.write does. */
export class SampleFile {
  readonly #packets: PacketFile;
  readonly #samples = new Samples();

  private constructor(packets: PacketFile) {
    this.#packets = packets;
  }

  static async open(path: string, disk: Disk): Promise<SampleFile> {
    return new SampleFile(await PacketFile.open(path, disk));
  }

  get count(): number {
    return this.#samples.length;
  }

  /** `atNs`: when it is shown, from the start of the video. */
  append(data: Uint8Array, atNs: number, key: boolean): Promise<void> {
    this.#samples.add({ offset: this.#packets.end, size: data.length, atNs, key });
    return this.#packets.append(data);
  }

  /** Takes all of them away again. */
  async clear(): Promise<void> {
    this.#samples.cut(0);
    await this.#packets.clear();
  }

  /** What was appended. `lastNs`: how long the last one is shown. */
  async finish(caps: Caps, lastNs: number): Promise<Stream> {
    await this.#packets.flush();
    const track = { caps, samples: this.#samples, first: new Uint8Array(), lastNs };
    return { track, packets: this.#packets.handle };
  }

  /** Closes the file and takes it away. */
  close(): Promise<void> {
    return this.#packets.close();
  }
}
