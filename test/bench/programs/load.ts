// Asks one server the same thing over and over, on connections that stay open, and times the answers.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answerOrders } from '../answering.ts';

export interface Order {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  readonly ms: number;
}

export interface Load {
  readonly perSecond: number;
  /** From the request's last byte to the answer's last byte, in ms. */
  readonly p99: number;
}

async function load({ url, path, connections, ms }: Order): Promise<Load> {
  const { hostname, port } = new URL(url);
  const times: number[] = [];
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      return socket;
    }),
  );
  const started = performance.now();
  const until = started + ms;
  await Promise.all(sockets.map((socket) => ask(socket, path, until, times)));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: times.length / seconds, p99: times[Math.floor(0.99 * (times.length - 1))] ?? NaN };
}

/** One request after the other; a plain socket, since every µs here is one that the server does not get. */
function ask(socket: Socket, path: string, until: number, times: number[]): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  let heard = '';
  let asked = performance.now();
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      heard += chunk;
      if (!isWhole(heard)) return;
      if (!heard.startsWith('HTTP/1.1 200')) return reject(new Error(heard.split('\r\n', 1)[0]));
      heard = '';
      const now = performance.now();
      times.push(now - asked);
      if (now >= until) {
        socket.removeAllListeners('close').destroy();
        return resolve();
      }
      asked = now;
      socket.write(request);
    });
    socket.write(request);
  });
}

function isWhole(heard: string): boolean {
  const end = heard.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(heard)?.[1];
  return end >= 0 && length !== undefined && heard.length >= end + 4 + Number(length);
}

answerOrders(load);
