// HTTP by hand over a socket, for what fetch is too polite to send.
import { connect, type Socket } from 'node:net';

export class RawClient {
  readonly socket: Socket;
  readonly #pieces: Buffer[] = [];
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (data) => {
      this.#pieces.push(data);
      this.#check();
    });
    this.socket.on('error', () => this.#check()); // 'close' follows
    this.socket.on('close', () => {
      this.#closed = true;
      this.#check();
    });
  }

  get received(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** What was received, once it fits or the connection is closed. */
  async until(fits: (received: string) => boolean): Promise<string> {
    while (!fits(this.received) && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.received;
  }

  async closed(): Promise<string> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }

  #check(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export function rawRequest(port: number, text: string): RawClient {
  const client = new RawClient(port);
  client.write(text);
  return client;
}
