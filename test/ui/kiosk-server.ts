// The other side of the screen: the built kiosk, REST and Socket.IO as the contract says, under a test's control.
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { lookup } from 'mrmime';
import { Server } from 'socket.io';
import { type JobItem, type ProgressView, type SystemView, toRestStatus } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, LookTarget, ServerToClientEvents } from '../../appliance/contract/events.ts';
import { systemView } from './job-item.ts';

const policy =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; script-src 'self'";

export interface GivenAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** `body`: as it came, whole. `path` without the query. */
export interface GivenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface KioskServerOptions {
  /** Folder of the built kiosk; without one only REST and push are served. */
  readonly kiosk?: string;
  /** Wanted from every client. */
  readonly key?: string;
  /** Origin of a real appliance, which answers for its models. */
  readonly models?: string;
}

export class KioskServer {
  /** Newest first, as the appliance tells them. */
  jobs: JobItem[] = [];
  system: SystemView = systemView();
  /** False: sockets are refused, as if push were broken; REST goes on. */
  pushing = true;
  /** False: REST answers 503. */
  answering = true;
  /** Uploads are read only after this. */
  receiving: Promise<void> = Promise.resolve();
  submit: (fileName: string) => GivenAnswer = () => ({ status: 200, body: {} });
  /**
   * Routes by `METHOD /path`, asked before all others; a path that ends in `*` takes all that begin so. A body that is
   * no Buffer is sent as JSON.
   */
  readonly routes: Record<string, (request: GivenRequest) => GivenAnswer | Promise<GivenAnswer>> = {
    'POST /v1/session': () => ({ status: 204, body: '' }),
    'GET /v1/system/health': () => ({ status: 200, body: { parts: [] } }),
    'GET /v1/system/vitals': () => ({ status: 200, body: { every_s: 10, samples: [] } }),
    'GET /v1/system/log': () => ({ status: 200, body: { lines: [] } }),
    'GET /v1/system/addresses': () => ({ status: 200, body: { urls: [], locked: false } }),
    'GET /v1/system/backups': () => ({ status: 200, body: { backups: [] } }),
    'GET /v1/imports': () => ({ status: 200, body: { folders: [], copies: [] } }),
    'GET /v1/pipelines': () => ({ status: 200, body: { pipelines: [] } }),
    'GET /v1/plugins': () => ({ status: 200, body: [] }),
    'GET /v1/webhooks': () => ({ status: 200, body: { webhooks: [] } }),
    'GET /v1/settings': () => ({ status: 200, body: { settings: [], pin: false } }),
    'GET /v1/history': () => ({
      status: 200,
      body: { jobs: this.jobs.map((job) => ({ ...job, disk_bytes: job.source_bytes })), count: this.jobs.length },
    }),
  };
  /** How often `GET /v1/jobs` was asked. */
  polls = 0;
  snapshots = 0;
  /** What clients said that they look at, in order. */
  readonly looks: LookTarget[] = [];

  readonly #options: KioskServerOptions;
  readonly #http = createServer((request, response) => void this.#answer(request, response));
  readonly #io: Server<ClientToServerEvents, ServerToClientEvents>;

  constructor(options: KioskServerOptions = {}) {
    this.#options = options;
    this.#io = new Server(this.#http, {
      serveClient: false,
      allowRequest: (_request, decide) => decide(null, this.pushing),
    });
    this.#io.use((socket, next) => {
      const { key } = socket.handshake.auth as { key?: string };
      next(options.key === undefined || key === options.key ? undefined : new Error('unauthorized'));
    });
    this.#io.on('connection', (socket) => {
      socket.on('watch', (_target, answer) => {
        this.snapshots += 1;
        answer({ jobs: this.jobs, system: this.system });
      });
      socket.on('look', (target) => this.looks.push(target));
    });
  }

  /** Resolves with the origin, such as `http://127.0.0.1:41234`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await this.#io.close();
  }

  /** A job is new or has another status. */
  put(job: JobItem): void {
    this.jobs = [job, ...this.jobs.filter((known) => known.job_id !== job.job_id)].sort((a, b) =>
      b.created_at.localeCompare(a.created_at),
    );
    this.#io.emit('job', job);
  }

  advance(progress: ProgressView): void {
    this.jobs = this.jobs.map((job) => (job.job_id === progress.job_id ? { ...job, ...progress } : job));
    this.#io.emit('progress', progress);
  }

  remove(id: string): void {
    this.jobs = this.jobs.filter((job) => job.job_id !== id);
    this.#io.emit('job_removed', { job_id: id });
  }

  change(system: Partial<SystemView>): void {
    this.system = { ...this.system, ...system };
    this.#io.emit('system', this.system);
  }

  /** Any event of the appliance's, such as `preview`. */
  push<E extends keyof ServerToClientEvents>(event: E, ...what: Parameters<ServerToClientEvents[E]>): void {
    this.#io.emit(event, ...what);
  }

  breakPush(): void {
    this.pushing = false;
    this.#io.disconnectSockets(true);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://kiosk');
    if (!pathname.startsWith('/v1/')) return this.#file(pathname, response);
    const { key } = this.#options;
    if (key !== undefined && request.headers['x-api-key'] !== key)
      return json(response, 401, { detail: 'Unauthorized' });
    if (!this.answering) return json(response, 503, { detail: 'Stopping' });
    const given = this.#given(request.method ?? 'GET', pathname);
    if (given) return this.#give(given, request, response);
    if (pathname.startsWith('/v1/models')) return this.#models(request, response);
    const id = /^\/v1\/jobs\/([^/]+)/.exec(pathname)?.[1];
    if (request.method === 'POST' && id !== undefined) return this.#retry(id, response);
    if (request.method === 'POST') {
      await this.receiving;
      const { status, body, headers } = this.submit(await fileName(request));
      return json(response, status, body, headers);
    }
    if (id !== undefined && request.method === 'DELETE') return this.#end(id, response);
    if (id !== undefined) return json(response, 200, { job_id: id, frames: [] });
    this.polls += 1;
    return json(response, 200, { jobs: this.jobs.map(asRest), count: this.jobs.length });
  }

  #given(method: string, path: string): KioskServer['routes'][string] | undefined {
    const exact = this.routes[`${method} ${path}`];
    if (exact) return exact;
    const found = Object.keys(this.routes).find(
      (key) => key.endsWith('*') && `${method} ${path}`.startsWith(key.slice(0, -1)),
    );
    return found === undefined ? undefined : this.routes[found];
  }

  async #give(
    answer: KioskServer['routes'][string],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kiosk');
    const { headers } = request;
    const given = await answer({ path: pathname, query: searchParams, headers, body: await bodyOf(request) });
    if (!Buffer.isBuffer(given.body)) return json(response, given.status, given.body, given.headers);
    response.writeHead(given.status, given.headers).end(given.body);
  }

  async #models(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { models } = this.#options;
    if (models === undefined) {
      return json(response, 200, { models: [], ladder: { runtime: null, refused: [] } });
    }
    const sent = await bodyOf(request);
    const body = sent.length > 0 ? { body: sent } : {};
    const headers = { 'content-type': request.headers['content-type'] ?? 'text/plain' };
    const answer = await fetch(`${models}${request.url ?? ''}`, { method: request.method ?? 'GET', headers, ...body });
    json(response, answer.status, await answer.json());
  }

  #retry(id: string, response: ServerResponse): void {
    const job = this.jobs.find((known) => known.job_id === id);
    if (!job) return json(response, 404, { detail: 'Job not found' });
    this.put({ ...job, status: 'pending', stage: 'queued', error_message: null, error: null, seq: job.seq + 1 });
    json(
      response,
      200,
      this.jobs.find((known) => known.job_id === id),
    );
  }

  #end(id: string, response: ServerResponse): void {
    const job = this.jobs.find((known) => known.job_id === id);
    if (!job) return json(response, 404, { detail: 'Job not found' });
    if (job.status === 'pending' || job.status === 'running') {
      this.put({ ...job, status: 'cancelled', error_message: 'Cancelled', error: 'Cancelled', seq: job.seq + 1 });
      return json(response, 200, { status: 'cancelled', job_id: id });
    }
    this.remove(id);
    return json(response, 200, { status: 'deleted', job_id: id });
  }

  #file(pathname: string, response: ServerResponse): void {
    const path = join(this.#options.kiosk ?? '', normalize(pathname === '/' ? '/index.html' : pathname));
    if (this.#options.kiosk === undefined || !existsSync(path)) return json(response, 404, { detail: 'Not Found' });
    const type = lookup(path) ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
    createReadStream(path).pipe(response);
  }
}

/** The older dialect knows no cancelled job. */
function asRest(job: JobItem): JobItem {
  return { ...job, status: toRestStatus(job.status) };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a form to its end; its file's name. */
async function fileName(request: IncomingMessage): Promise<string> {
  let head = '';
  try {
    for await (const chunk of request as AsyncIterable<Buffer>)
      if (head.length < 1000) head += chunk.toString('latin1');
  } catch (error) {
    // The person stopped the upload; nobody waits for an answer any more.
    if (request.complete) throw error;
  }
  return /filename="([^"]*)"/.exec(head)?.[1] ?? '';
}
