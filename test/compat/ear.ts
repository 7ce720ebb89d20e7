// Hears JSON over a plain WebSocket, and waits for what is to come.
import { expect, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Fields } from './api.ts';
import type { Target } from './target.ts';

export class Ear {
  readonly heard: Fields[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  constructor({ url, key }: Target, path: string) {
    const headers = key === null ? {} : { 'X-API-Key': key };
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { headers });
    this.#socket.on('error', () => undefined); // its case waits for the end
    this.#socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString()) as Fields));
    this.closed = new Promise((resolve) => this.#socket.once('close', resolve));
    onTestFinished(() => this.#socket.terminate());
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('open', resolve));
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Past or to come. */
  async hear(fits: (message: Fields) => boolean): Promise<Fields> {
    await expect.poll(() => this.heard.some(fits), { timeout: 60_000 }).toBe(true);
    return this.heard.find(fits) ?? {};
  }
}
