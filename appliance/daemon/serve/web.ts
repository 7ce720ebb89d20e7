// The one HTTP server: its routes, its plain WebSockets, and Socket.IO beside them. Only this file names µWebSockets.js.
import { App, type HttpRequest, type HttpResponse, type TemplatedApp } from 'uWebSockets.js';
import { us_listen_socket_close, us_socket_local_port, type us_listen_socket } from 'uWebSockets.js';
import type { Log } from '../../log.ts';
import { type Answer, json } from './answer.ts';
import { Call } from './call.ts';
import { answerTo } from './faults.ts';
import { isPreflight, preflightAnswer } from './cors.ts';
import type { Gate } from './gate.ts';
import { listenFault } from './listen-fault.ts';
import { PlainSockets, type SocketHandlers } from './plain-sockets.ts';
import { Reply } from './reply.ts';
import { boundReceiveBuffer, socketsOpenedBy } from './receive-buffer.ts';
import { pinAskedOf, type PinLock } from './pin-lock.ts';
import type { Method, Route } from './route.ts';
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
  /** Asked for the operator's functions. Without one they are everybody's. */
  readonly operator?: PinLock;
  readonly log: Log;
  /** How long an upload may bring less than 1 KiB a second. */
  readonly slowMs?: number;
  /** How long close() waits for answers that are under way. */
  readonly drainMs?: number;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two daemons would share one port in silence. */
const exclusive = 1;

export class Web {
  readonly #options: WebOptions & Required<Pick<WebOptions, 'slowMs' | 'drainMs'>>;
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
   * The guard around every route: whatever is thrown becomes an answer. A handler that throws here, or returns with
   * neither an answer nor onAborted, would end the process (SIGABRT).
   */
  #take(response: HttpResponse, request: HttpRequest): void {
    const started = performance.now();
    const call = new Call(request, response, this.#options.slowMs);
    const reply = new Reply(response, this.#options.gate.corsHeaders(call));
    try {
      const answer = this.#tried(call);
      // To µWebSockets.js the answer to HEAD is never whole: it has a length and no bytes.
      if (answer instanceof Promise || answer.kind !== 'text' || call.bodyIsComing || call.head) {
        call.keep();
        response.onAborted(() => {
          reply.aborted();
          call.abort();
        });
        this.#underWay += 1;
        void this.#goOn(answer, call, reply, started).finally(() => {
          this.#underWay -= 1;
          if (this.#underWay === 0) this.#idle?.();
        });
        return;
      }
      reply.text(answer, call);
    } catch (err) {
      response.onAborted(() => reply.aborted());
      this.#cut(err, call, reply);
    }
    this.#told(call, reply, started);
  }

  #tried(call: Call): Answer | Promise<Answer> {
    try {
      return this.#answer(call);
    } catch (error) {
      return this.#excuse(error, call);
    }
  }

  /** With an answer that takes longer than the handler. */
  async #goOn(answer: Answer | Promise<Answer>, call: Call, reply: Reply, started: number): Promise<void> {
    reply.uncork();
    try {
      await this.#send(reply, answer instanceof Promise ? await answer : answer, call);
    } catch (error) {
      await this.#fail(error, reply, call);
    }
    this.#told(call, reply, started);
  }

  #answer(call: Call): Answer | Promise<Answer> {
    const { method } = call;
    const { gate } = this.#options;
    const found = this.#router.find(call.path);
    // Asked without a key, and before any route of its own.
    if (found && isPreflight(method, call.header) && gate.isGuest(call)) return preflightAnswer(allowed(found.methods));
    const route = found?.methods.get(method as Method) ?? (method === 'HEAD' ? found?.methods.get('GET') : undefined);
    if (route?.body) call.openBody();
    const changes = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
    gate.check(call, { changes, free: route?.open === true || !route });
    if (!found) return json({ detail: 'Not Found' }, { status: 404 });
    if (!route) return notAllowed(allowed(found.methods));
    call.params = found.params;
    const asked = this.#options.operator && pinAskedOf(route, call, this.#options.operator);
    return asked ? asked.then(() => route.handle(call)) : route.handle(call);
  }

  async #send(reply: Reply, answer: Answer, call: Call): Promise<void> {
    if (call.bodyIsComing) await reply.part(answer, call.body);
    else await reply.send(answer, call);
  }

  async #fail(error: unknown, reply: Reply, call: Call): Promise<void> {
    const { method, path } = call;
    if (call.aborted) {
      this.#options.log.debug({ method, path, err: error }, 'request given up by the client');
      return;
    }
    const excuse = this.#excuse(error, call);
    if (reply.status !== null) return reply.drop();
    try {
      await this.#send(reply, excuse, call);
    } catch (err) {
      this.#cut(err, call, reply);
    }
  }

  /** The answer in place of one that could not be made. */
  #excuse(error: unknown, { method, path }: Call): Answer {
    const expected = answerTo(error);
    if (!expected || expected.status >= 500) this.#options.log.error({ err: error, method, path }, 'request failed');
    return expected ?? internalError;
  }

  #cut(err: unknown, { method, path }: Call, reply: Reply): void {
    this.#options.log.error({ err, method, path }, 'answer failed; connection cut');
    reply.drop();
  }

  #told({ method, path, header }: Call, { status }: Reply, started: number): void {
    const { log } = this.#options;
    if (!log.isLevelEnabled('debug')) return;
    const ms = Math.round(performance.now() - started);
    log.debug({ method, path, status, ms, agent: header('user-agent') }, 'request answered');
  }
}

const internalError = json({ detail: 'Internal Server Error' }, { status: 500 });

/** For the header Allow. */
function allowed(methods: ReadonlyMap<Method, unknown>): string {
  return [...methods.keys()].flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).join(', ');
}

function notAllowed(allow: string): Answer {
  return json({ detail: 'Method Not Allowed' }, { status: 405, headers: { Allow: allow } });
}
