// The one HTTP server: its routes, its plain WebSockets, and Socket.IO beside them. Only this file names µWebSockets.js.
import { App, type HttpRequest, type HttpResponse, type TemplatedApp } from 'uWebSockets.js';
import { us_listen_socket_close, us_socket_local_port, type us_listen_socket } from 'uWebSockets.js';
import type { Log } from '../../log.ts';
import { type Answer, json } from './answer.ts';
import { Body } from './body.ts';
import { answerTo } from './faults.ts';
import { type Gate, keyIn } from './gate.ts';
import { listenFault } from './listen-fault.ts';
import { PlainSockets, type SocketHandlers } from './plain-sockets.ts';
import { type Asked, Reply } from './reply.ts';
import { boundReceiveBuffer, socketsOpenedBy } from './receive-buffer.ts';
import type { Method, RawRequest, Route } from './route.ts';
import { Router } from './router.ts';

declare module 'uWebSockets.js' {
  interface TemplatedApp {
    // Takes it, though its typings do not say so.
    listen(host: string, port: number, options: number, cb: (socket: us_listen_socket | false) => void): TemplatedApp;
  }
}

export interface WebOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly gate: Gate;
  readonly log: Log;
  /** How long an upload may bring less than 1 KiB a second. */
  readonly slowMs?: number;
  /** How long close() waits for answers that are under way. */
  readonly drainMs?: number;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two daemons would share one port in silence. */
const exclusive = 1;

export class Web {
  readonly #options: Required<WebOptions>;
  readonly #app: TemplatedApp = App();
  readonly #router = new Router<Method, Route>();
  readonly #sockets: PlainSockets;
  #listening: us_listen_socket | undefined;
  #underWay = 0;
  #idle: (() => void) | undefined;
  #closed = false;

  constructor(options: WebOptions) {
    this.#options = { slowMs: 30_000, drainMs: 1000, ...options };
    this.#sockets = new PlainSockets(options.gate, options.log);
    this.#app.any('/*', (response, request) => this.#take(response, request));
  }

  route(...routes: readonly Route[]): void {
    for (const route of routes) this.#router.add(route.method, route.path, route);
  }

  /** `path` with one name in braces, such as `/v1/ws/jobs/{job_id}`. */
  socket(path: string, handlers: SocketHandlers): void {
    this.#app.ws(path.replace(/\{(\w+)\}/g, ':$1'), this.#sockets.behavior(handlers));
  }

  /** For Socket.IO's `attachApp`. */
  attach(server: { attachApp(app: TemplatedApp): void }): void {
    server.attachApp(this.#app);
  }

  /** Throws Fault `port-taken`. */
  async listen(): Promise<{ port: number }> {
    const { host, port } = this.#options;
    const opened: { socket: us_listen_socket | false } = { socket: false };
    // The callback is called before listen() returns.
    const [descriptor] = socketsOpenedBy(() => {
      this.#app.listen(host, port, exclusive, (socket) => (opened.socket = socket));
    });
    if (opened.socket === false) throw await listenFault(host, port);
    this.#listening = opened.socket;
    const unbounded = descriptor === undefined ? 'no /proc' : await boundReceiveBuffer(descriptor);
    if (unbounded !== undefined) {
      this.#options.log.warn(
        { reason: unbounded },
        'receive buffer not bounded; fast uploads may hold up other requests',
      );
    }
    return { port: us_socket_local_port(opened.socket) };
  }

  /** Takes no new connections; those that are open go on. */
  stopListening(): void {
    if (this.#listening) us_listen_socket_close(this.#listening);
    this.#listening = undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.stopListening();
    this.#sockets.close();
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, this.#options.drainMs);
        this.#idle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    this.#app.close();
  }

  /**
   * The guard around every route: the request is read before anything is awaited, and whatever is thrown becomes an
   * answer. A handler that throws here, or returns without onAborted, would end the process (SIGABRT).
   */
  #take(response: HttpResponse, request: HttpRequest): void {
    const away = new AbortController();
    const body = new Body(response, this.#options.slowMs);
    response.onAborted(() => {
      reply.aborted();
      body.abort();
      away.abort();
    });
    const headers = new Map<string, string>();
    request.forEach((name, value) => {
      if (!headers.has(name)) headers.set(name, value);
    });
    const header = (name: string): string => headers.get(name) ?? '';
    const reply = new Reply(response, this.#options.gate.corsHeaders(header('origin')));
    const call: Call = {
      method: request.getCaseSensitiveMethod(),
      path: request.getUrl(),
      query: request.getQuery(),
      header,
      hasHeader: (name) => headers.has(name),
      body,
      signal: away.signal,
    };
    this.#underWay += 1;
    void this.#serve(call, reply, response).finally(() => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    });
  }

  async #serve(call: Call, reply: Reply, response: HttpResponse): Promise<void> {
    const started = performance.now();
    const { method, path, header } = call;
    let expectsBody = false;
    try {
      const answer = this.#answer(call, () => {
        expectsBody = true;
        response.onData((chunk, last) => call.body.push(new Uint8Array(chunk.slice(0)), last));
      });
      await this.#send(reply, answer instanceof Promise ? await answer : answer, call, expectsBody);
    } catch (error) {
      await this.#fail(error, reply, call, expectsBody);
    }
    const ms = Math.round(performance.now() - started);
    this.#options.log.debug(
      { method, path, status: reply.status, ms, agent: header('user-agent') },
      'request answered',
    );
  }

  #answer(call: Call, openBody: () => void): Answer | Promise<Answer> {
    const { method, path, header, hasHeader, body, signal } = call;
    const { gate } = this.#options;
    const caller = { origin: header('origin'), host: header('host'), key: keyIn(header) };
    const found = this.#router.find(path);
    const route = found?.methods.get(method as Method) ?? (method === 'HEAD' ? found?.methods.get('GET') : undefined);
    if (route?.body) openBody();
    const preflight = method === 'OPTIONS' && found !== undefined && header('access-control-request-method') !== '';
    const changes = !['GET', 'HEAD', 'OPTIONS'].includes(method);
    gate.check(caller, { changes, free: route?.open === true || !route });
    if (!found) return json({ detail: 'Not Found' }, { status: 404 });
    const allow = [...found.methods.keys()]
      .flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]))
      .join(', ');
    if (preflight && gate.mayOpen(caller)) return preflightAnswer(allow);
    if (!route) return json({ detail: 'Method Not Allowed' }, { status: 405, headers: { Allow: allow } });
    const raw: RawRequest = {
      params: found.params,
      query: new URLSearchParams(call.query),
      header,
      hasHeader,
      signal,
      body,
    };
    return route.handle(raw);
  }

  async #send(reply: Reply, answer: Answer, call: Call, expectsBody: boolean): Promise<void> {
    if (expectsBody && !call.body.ended) await reply.part(answer, call.body);
    else await reply.send(answer, toAsked(call));
  }

  async #fail(error: unknown, reply: Reply, call: Call, expectsBody: boolean): Promise<void> {
    const { method, path } = call;
    const expected = answerTo(error);
    if (call.signal.aborted) {
      this.#options.log.debug({ method, path, err: error }, 'request given up by the client');
      return;
    }
    if (!expected || expected.status >= 500) this.#options.log.error({ err: error, method, path }, 'request failed');
    if (reply.status !== null) return reply.drop();
    try {
      await this.#send(reply, expected ?? internalError, call, expectsBody);
    } catch (err) {
      this.#options.log.error({ err, method, path }, 'answer failed; connection cut');
      reply.drop();
    }
  }
}

interface Call extends Pick<RawRequest, 'header' | 'hasHeader' | 'body' | 'signal'> {
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

const internalError = json({ detail: 'Internal Server Error' }, { status: 500 });

function toAsked({ method, header }: Call): Asked {
  return {
    head: method === 'HEAD',
    range: header('range'),
    ifRange: header('if-range'),
    ifNoneMatch: method === 'GET' || method === 'HEAD' ? header('if-none-match') : '',
  };
}

const allowedHeaders =
  'Authorization, X-API-Key, Content-Type, Range, If-None-Match, Idempotency-Key, ' +
  'Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset';

/** Read by the browser only for origins that corsHeaders names. */
function preflightAnswer(allow: string): Answer {
  const headers = {
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': allowedHeaders,
    'Access-Control-Max-Age': '600',
  };
  return json(null, { headers });
}
