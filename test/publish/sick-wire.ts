// A TCP wire to a broker that can fall ill in the ways that a connection still looks well.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { doorUrl, openDoor } from './door.ts';

/**
 * `well`: all passes. `slow`: what the broker says comes late. `unconfirmed`: it lets clients in, and is
 * not heard again before the wire is well. `swallowing`: connections open, and nothing passes; they are reset when the wire is well again.
 */
export type Health = 'well' | 'slow' | 'unconfirmed' | 'swallowing';

export class SickWire {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #slowMs: number;
  #health: Health = 'well';
  #heldBack: (() => void)[] = [];

  private constructor(brokerPort: number, slowMs: number) {
    this.#slowMs = slowMs;
    this.#server = createServer((near) => this.#join(near, connect(brokerPort, '127.0.0.1')));
  }

  static async open(brokerPort: number, slowMs = 2_000): Promise<SickWire> {
    const wire = new SickWire(brokerPort, slowMs);
    await openDoor(wire.#server);
    return wire;
  }

  get url(): string {
    return doorUrl(this.#server);
  }

  turn(health: Health): void {
    const lost = this.#health === 'swallowing';
    this.#health = health;
    if (lost) this.#cut();
    for (const pass of this.#heldBack.splice(0)) pass();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#cut();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    let letIn = false;
    near.on('data', (chunk) => {
      if (this.#health !== 'swallowing') far.write(chunk);
    });
    far.on('data', (chunk) => {
      const first = !letIn;
      letIn = true;
      const pass = () => near.destroyed || near.write(chunk);
      if (this.#health === 'slow') setTimeout(pass, this.#slowMs);
      else if (this.#health === 'unconfirmed' && !first) this.#heldBack.push(pass);
      else if (this.#health !== 'swallowing') pass();
    });
    for (const [end, other] of [pair, [far, near] as const]) {
      end.on('error', () => other.destroy()); // the other end sees it as a broken connection, which is the point
      end.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  #cut(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }
}
