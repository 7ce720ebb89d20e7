// Gives large memory back at once.
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** A smaller one is not worth it. */
const leastBytes = 64 * 1024;

/**
 * A frame and what a network says of it are 4 MB, and V8 collects garbage the more often the more it is given: with this,
 * a frame costs 0.7 ms less. What is posted to a closed port is moved into a message, and freed with it.
 */
export class Release {
  readonly #nowhere: MessagePort;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    this.#nowhere = port1;
    // A port that nobody listens to keeps nobody from leaving.
    port1.unref();
  }

  /** Whatever is a view of it is empty from now on. */
  free(buffer: ArrayBufferLike): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= leastBytes) this.#nowhere.postMessage(null, [buffer]);
  }
}
