// A process of its own with many Socket.IO clients, some of which stop reading when told: the other side of the crowd test.
import WebSocket from 'ws';

/** To this process. `stall`: so many, always the same ones. `flood`: these ask until they are cut. */
export type Order =
  | { readonly kind: 'open'; readonly url: string; readonly clients: number }
  | { readonly kind: 'stall'; readonly clients: number }
  | { readonly kind: 'read' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'report'; readonly of: number }
  | { readonly kind: 'flood'; readonly clients: number }
  | { readonly kind: 'return' };

export interface Report {
  /** Of those that always read: milliseconds from the worker's report to the client, every message. */
  readonly p50: number;
  readonly p99: number;
  readonly messages: number;
  /** Of all. */
  readonly connected: number;
  /** Clients that have heard that a job completed since the last `measure`. */
  readonly completed: number;
}

class Client {
  readonly #url: string;
  #socket: WebSocket | undefined;
  latencies: number[] = [];
  completed = false;

  constructor(url: string) {
    this.#url = url;
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Resolves when it watches everything and has its snapshot. */
  open(): Promise<void> {
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    this.#socket = socket;
    socket.on('error', () => socket.terminate()); // it was cut; whoever waits sees it closed
    return new Promise((resolve, reject) => {
      socket.on('close', () => reject(new Error('closed before it could watch')));
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text === '2') socket.send('3');
        else if (text.startsWith('0{')) socket.send('40');
        else if (text.startsWith('40{')) this.ask();
        else if (text.startsWith('430')) resolve();
        else this.#hear(text);
      });
    });
  }

  ask(): void {
    this.#socket?.send('420["watch",{"all":true}]');
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Asks and asks; resolves when the other side has cut it. */
  async flood(): Promise<void> {
    const socket = this.#socket;
    if (!socket) return;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        for (let asked = 0; asked < 100; asked++) this.ask();
        if (socket.readyState === WebSocket.OPEN) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    socket.terminate(); // without the pleasantries, for which it would wait
  }

  #hear(text: string): void {
    if (text.startsWith('42["progress"')) this.latencies.push(Date.now() - Number(/"ts":(\d+)/.exec(text)?.[1]));
    if (text.startsWith('42["job"') && text.includes('"status":"completed"')) this.completed = true;
  }
}

const clients: Client[] = [];

async function obey(order: Order): Promise<Report | null> {
  switch (order.kind) {
    case 'open':
      for (let at = 0; at < order.clients; at += 100) {
        const some = Array.from({ length: Math.min(100, order.clients - at) }, () => new Client(order.url));
        await Promise.all(some.map((client) => client.open()));
        clients.push(...some);
      }
      return null;
    case 'stall':
      for (const client of clients.slice(clients.length - order.clients)) client.pause();
      return null;
    case 'read':
      for (const client of clients) client.resume();
      return null;
    case 'measure':
      for (const client of clients) {
        client.latencies = [];
        client.completed = false;
      }
      return null;
    case 'report':
      return report(clients.slice(0, order.of));
    case 'flood':
      await Promise.all(clients.slice(clients.length - order.clients).map((client) => client.flood()));
      return null;
    case 'return':
      await Promise.all(clients.filter((client) => !client.connected).map((client) => client.open()));
      return null;
    default:
      return order satisfies never;
  }
}

function report(readers: readonly Client[]): Report {
  const sorted = readers.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return {
    p50: at(0.5),
    p99: at(0.99),
    messages: sorted.length,
    connected: clients.filter(({ connected }) => connected).length,
    completed: clients.filter(({ completed }) => completed).length,
  };
}

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
