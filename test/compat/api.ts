// A client of the server under test, as its clients are: HTTP and nothing else.
import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { Target } from './target.ts';

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where the body is no JSON. */
  readonly body: unknown;
  readonly text: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export const plugin = 'yolo-tracker';
export const detect = 'video_player_detection';
export const track = 'video_player_tracking';
/** An id that nobody has. */
export const nobody = '00000000-0000-4000-8000-00000000dead';
/** ISO 8601 in UTC. */
export const utc = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/) as string;

const Submitted = z.object({ job_id: z.uuid() });
const Status = z.object({ status: z.string(), progress: z.number().nullable() });

export class Api {
  readonly target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  async call(method: string, path: string, init: Omit<RequestInit, 'method'> = {}): Promise<Said> {
    const headers = new Headers(init.headers);
    if (this.target.key !== null) headers.set('X-API-Key', this.target.key);
    const answer = await fetch(this.target.url + path, { ...init, method, headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: parsed(text), text };
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Said> {
    return this.call('GET', path, { headers });
  }

  /** The body of an answer with this status. */
  async fields(path: string, status = 200): Promise<Fields> {
    const answer = await this.get(path);
    expect(answer.status, answer.text.slice(0, 500)).toBe(status);
    return z.record(z.string(), z.unknown()).parse(answer.body);
  }

  post(path: string, json: unknown): Promise<Said> {
    return this.call('POST', path, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) });
  }

  /** As the field `file` of a form. */
  send(path: string, content: Uint8Array, name = 'clip.mp4'): Promise<Said> {
    const body = new FormData();
    body.set('file', new Blob([new Uint8Array(content)]), name);
    return this.call('POST', path, { body });
  }

  async submit(content: Uint8Array, query: string, kind: 'video' | 'image' = 'video'): Promise<string> {
    const answer = await this.send(`/v1/${kind}/submit?plugin_id=${plugin}&${query}`, content);
    expect(answer.status, answer.text).toBe(200);
    return Submitted.parse(answer.body).job_id;
  }

  /** Nobody waits for what becomes of it. */
  async drop(answer: Said): Promise<void> {
    await this.call('DELETE', `/v1/jobs/${Submitted.parse(answer.body).job_id}`);
  }

  /** Asks as the older clients do until it has ended; every progress that was told on the way. */
  async ended(id: string, status = 'completed'): Promise<(number | null)[]> {
    const told: (number | null)[] = [];
    const ask = async () => {
      const now = Status.parse(await this.fields(`/v1/video/status/${id}`));
      told.push(now.progress);
      expect(now.status).toMatch(/completed|failed/);
    };
    await vi.waitFor(ask, { timeout: 90_000, interval: 100 });
    expect((await this.fields(`/v1/video/status/${id}`))['status']).toBe(status);
    return told;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // not every answer is JSON
  }
}
