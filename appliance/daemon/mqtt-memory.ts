// What Home Assistant was told of the appliance, in a file: brokers keep it longer than the daemon runs.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../contract/errno.ts';
import type { Log } from '../log.ts';
import type { Announced, AnnouncedMemory } from './publish/home-assistant.ts';
import { writeDurably } from './record/write-durably.ts';

const Content = z
  .object({
    topic: z.string(),
    components: z.record(z.string(), z.string()),
    retained: z.array(z.string()),
    classes: z.array(z.string()),
  })
  .nullable();

export class MqttMemory implements AnnouncedMemory {
  readonly #path: string;
  readonly #log: Log;
  #announced: Announced | null;
  #written: string;
  #writing = Promise.resolve();

  private constructor(path: string, announced: Announced | null, log: Log) {
    this.#path = path;
    this.#announced = announced;
    this.#written = JSON.stringify(announced);
    this.#log = log;
  }

  /** A file that cannot be read is as good as none: what it named is announced anew, or stays where it is. */
  static async open(path: string, log: Log): Promise<MqttMemory> {
    try {
      return new MqttMemory(path, Content.parse(JSON.parse(await readFile(path, 'utf8'))), log);
    } catch (err) {
      if (codeOf(err) !== 'ENOENT') log.warn({ err, path }, 'what Home Assistant was told cannot be read');
      return new MqttMemory(path, null, log);
    }
  }

  read(): Announced | null {
    return this.#announced;
  }

  write(announced: Announced | null): void {
    this.#announced = announced;
    const text = JSON.stringify(announced);
    this.#writing = this.#writing.then(async () => {
      if (text === this.#written) return;
      try {
        await writeDurably(this.#path, text);
        this.#written = text;
      } catch (err) {
        // What is told next is written again, this with it.
        this.#log.warn({ err, path: this.#path }, 'what Home Assistant was told cannot be written down');
      }
    });
  }

  /** All is on the disk. */
  async close(): Promise<void> {
    await this.#writing;
  }
}
