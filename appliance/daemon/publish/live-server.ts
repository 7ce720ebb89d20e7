// Socket.IO's server as the live push needs it, and who may connect to it.
import type { IncomingMessage } from 'node:http';
import { type DefaultEventsMap, Server, type Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contract/events.ts';
import type { Log } from '../../log.ts';
import { type Caller, callerOf, type Shown, shownBy } from './caller.ts';

export interface LiveServerOptions {
  /** Asked for every connection before it is opened; false answers 403. The key is not known yet. */
  readonly mayOpen: (caller: Caller) => boolean;
  /** Asked once more with the key, from the handshake's `auth.key`, `X-API-Key` or `Authorization: Bearer`. */
  readonly mayConnect: (caller: Caller & Shown) => boolean;
  readonly log: Log;
}

interface Watching {
  /** Rooms of jobs that a client asked for beside everything: it is in them again when it no longer watches everything. */
  aside: Set<string>;
}
export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Watching>;
export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, Watching>;

/** Without connection state recovery: on µWebSockets.js a recovered socket hears no more broadcasts. */
export function openLiveServer({ mayOpen, mayConnect, log }: LiveServerOptions): LiveServer {
  const server: LiveServer = new Server({
    serveClient: false,
    maxHttpBufferSize: 16 * 1024,
    connectTimeout: 10_000,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    // A client polls before it has a socket, and a page of another site reads only what it is told it may.
    cors: ({ headers: { origin, host } }, answer) => {
      answer(null, { origin: origin !== undefined && mayOpen({ origin, host, address: undefined }) });
    },
    allowRequest: (request, answer) => {
      const caller = callerOf(request);
      const allowed = mayOpen(caller);
      if (!allowed) log.warn({ ...caller }, 'live connection refused');
      answer(allowed ? null : 'Not allowed', allowed);
    },
  });
  server.use((socket, next) => {
    const request: IncomingMessage = socket.request;
    const caller = callerOf(request);
    if (mayConnect({ ...caller, ...shownBy(request, socket.handshake.auth) })) return next();
    log.warn({ ...caller }, 'live client refused');
    next(new Error('Not allowed'));
  });
  return server;
}
