// A TCP wire between a client and a broker that can be cut or stalled, as wires are.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { doorUrl, openDoor } from './door.ts';

export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #plugged = true;

  private constructor(brokerPort: number) {
    this.#server = createServer((near) => {
      if (!this.#plugged) return void near.destroy();
      const far = connect(brokerPort, '127.0.0.1');
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const [end, other] of [pair, [far, near] as const]) {
        end.pipe(other);
        end.on('error', () => other.destroy()); // the other end sees it as a broken connection, which is the point
        end.on('close', () => other.destroy());
      }
    });
  }

  static async open(brokerPort: number): Promise<Wire> {
    const wire = new Wire(brokerPort);
    await openDoor(wire.#server);
    return wire;
  }

  get url(): string {
    return doorUrl(this.#server);
  }

  /** Ends what is connected, without a goodbye of either side. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  unplug(): void {
    this.#plugged = false;
    this.cut();
  }

  plug(): void {
    this.#plugged = true;
  }

  /** Nothing passes any more, yet both ends think that they are connected. */
  stall(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      near.pause();
      far.pause();
    }
  }

  async close(): Promise<void> {
    this.unplug();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
