// Plain WebSockets: who may open one, how much may wait for a slow reader, and that no handler's mistake ends the process.
import { STATUS_CODES } from 'node:http';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { faultStatus } from './faults.ts';
import { sessionIn } from './cookies.ts';
import { type Gate, keyIn } from './gate.ts';
import { decodeSegment } from './router.ts';

export interface PlainSocket {
  /** `droppable`: left out where the client reads too slowly. Anything else that does not fit closes the socket. */
  send(text: string, droppable: boolean): void;
  close(code: number, reason: string): void;
}

export interface SocketHandlers {
  /** `parameter`: what stands in the path's place for a name; not checked yet. Nor is the query. */
  opened(socket: PlainSocket, parameter: string, query: URLSearchParams): void;
  /** `message`: valid while this runs. */
  received(socket: PlainSocket, message: Buffer): void;
  closed(socket: PlainSocket): void;
  /** Of one message; a longer one closes the socket. Small unless told. */
  readonly mostBytes?: number;
}

/** The sides of µWebSockets.js that this needs. */
interface NativeSocket {
  getUserData(): Visit;
  send(text: string): number;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
}
interface UpgradeRequest {
  getHeader(name: string): string;
  getParameter(index: number): string | undefined;
  getQuery(): string;
}
interface UpgradeResponse<C> {
  onAborted(handler: () => void): unknown;
  writeStatus(status: string): unknown;
  end(body: string): unknown;
  upgrade(visit: Visit, key: string, protocol: string, extensions: string, context: C): void;
}

/** One connection, from its upgrade to its end. */
interface Visit {
  readonly parameter: string;
  readonly query: URLSearchParams;
  socket: OpenSocket | undefined;
}

const smallMessage = 16 * 1024;
const maxBacklog = 1024 * 1024;
/** Above this a reader is slow: what may be left out is. */
const slowBacklog = 64 * 1024;

export class PlainSockets {
  readonly #gate: Gate;
  readonly #log: Log;
  readonly #open = new Set<OpenSocket>();

  constructor(gate: Gate, log: Log) {
    this.#gate = gate;
    this.#log = log;
  }

  /** For µWebSockets.js's `app.ws`. */
  behavior(handlers: SocketHandlers) {
    return {
      maxPayloadLength: handlers.mostBytes ?? smallMessage,
      maxBackpressure: maxBacklog,
      closeOnBackpressureLimit: true,
      idleTimeout: 60,
      sendPingsAutomatically: true,
      upgrade: <C>(response: UpgradeResponse<C>, request: UpgradeRequest, context: C) => {
        this.#upgrade(response, request, context);
      },
      open: (native: NativeSocket) => {
        const visit = native.getUserData();
        const socket = new OpenSocket(native);
        visit.socket = socket;
        this.#open.add(socket);
        this.#guard(socket, () => handlers.opened(socket, visit.parameter, visit.query));
      },
      message: (native: NativeSocket, message: ArrayBuffer) => {
        const { socket } = native.getUserData();
        if (socket) this.#guard(socket, () => handlers.received(socket, Buffer.from(message)));
      },
      close: (native: NativeSocket) => {
        const { socket } = native.getUserData();
        if (!socket) return;
        socket.gone();
        this.#open.delete(socket);
        this.#guard(socket, () => handlers.closed(socket));
      },
    };
  }

  close(): void {
    for (const socket of [...this.#open]) socket.close(1001, 'Appliance is stopping');
  }

  #upgrade<C>(response: UpgradeResponse<C>, request: UpgradeRequest, context: C): void {
    response.onAborted(() => undefined);
    const header = (name: string): string => request.getHeader(name);
    try {
      const query = new URLSearchParams(request.getQuery());
      // A page cannot give a socket headers: the 0.16.7 web UI shows its key in the address, which is logged nowhere.
      const key = keyIn(header) || (query.get('api_key') ?? '');
      const shown = { key, session: sessionIn(header('cookie')), site: header('sec-fetch-site') };
      const caller = { origin: header('origin'), host: header('host'), ...shown };
      this.#gate.check(caller, { changes: true, free: false });
      const visit: Visit = { parameter: decodeSegment(request.getParameter(0) ?? ''), query, socket: undefined };
      const [nonce, protocol, extensions] = ['key', 'protocol', 'extensions'].map((name) =>
        header(`sec-websocket-${name}`),
      );
      response.upgrade(visit, nonce ?? '', protocol ?? '', extensions ?? '', context);
    } catch (error) {
      const fault = error instanceof Fault ? error : undefined;
      if (!fault) this.#log.error({ err: error }, 'upgrade failed');
      const status = fault ? faultStatus[fault.code] : 500;
      response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
      response.end(JSON.stringify({ detail: fault?.message ?? 'Internal Server Error' }));
    }
  }

  #guard(socket: OpenSocket, act: () => void): void {
    try {
      act();
    } catch (err) {
      this.#log.error({ err }, 'socket handler failed; socket closed');
      socket.close(1011, 'Internal error');
    }
  }
}

class OpenSocket implements PlainSocket {
  /** Null once it is closed: the native socket must not be touched then. */
  #native: NativeSocket | null;

  constructor(native: NativeSocket) {
    this.#native = native;
  }

  send(text: string, droppable: boolean): void {
    if (droppable && this.#native && this.#native.getBufferedAmount() > slowBacklog) return;
    this.#native?.send(text);
  }

  close(code: number, reason: string): void {
    this.#native?.end(code, reason);
  }

  gone(): void {
    this.#native = null;
  }
}
