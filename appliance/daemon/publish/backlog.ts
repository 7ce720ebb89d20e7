// How much may wait for a live client that reads slowly or not at all: then it is cut, and finds a snapshot when it is back.
import type { EventEmitter } from 'node:events';

/** Bytes that the daemon keeps for one client; the kernel holds up to some MB before that. */
const mostBacklog = 1024 * 1024;

/** Bytes that may wait for a client that is still given what can be left out: less than one picture. */
const mostBehind = 16 * 1024;

/** The sides of µWebSockets.js's app that Socket.IO uses. */
export interface NativeApp {
  any(path: string, handler: (response: object, request: object) => void): unknown;
  ws(path: string, behavior: object): unknown;
  publish(topic: string, message: string | ArrayBuffer, isBinary?: boolean): boolean;
}

/**
 * The app with WebSockets that are closed when too much waits for them. Socket.IO passes only some of µWebSockets.js's
 * options on, and without this one every further message is dropped in silence while the client seems connected.
 * `onCut` may be told of one client several times.
 */
export function cuttingStalled(app: NativeApp, onCut: (client: object) => void): NativeApp {
  const cutting: NativeApp = {
    any: (path, handler) => {
      app.any(path, handler);
      return cutting;
    },
    ws: (path, behavior) => {
      app.ws(path, { ...behavior, maxBackpressure: mostBacklog, closeOnBackpressureLimit: true, dropped: onCut });
      return cutting;
    },
    publish: (topic, message, isBinary) => app.publish(topic, message, isBinary),
  };
  return cutting;
}

/** Whether a client, told by its connection's transport, has not read what it was sent: it is spared what it can do without. */
export function isBehind(transport: object): boolean {
  const { socket, writable } = transport as { socket?: { getBufferedAmount?(): number }; writable?: boolean };
  if (socket?.getBufferedAmount) return socket.getBufferedAmount() > mostBehind;
  return writable !== true; // it polls, and has not come for more
}

/** The same for a client that polls: what waits until it comes for it is counted here. For a WebSocket nothing ever waits here. */
export function cutStalledPolling(
  connection: EventEmitter & { close(discard: boolean): void },
  onCut: () => void,
): void {
  let waiting = 0;
  const count = ({ data }: { data?: unknown }) => {
    if (waiting > mostBacklog) {
      connection.off('packetCreate', count);
      onCut();
      setImmediate(() => connection.close(true)); // not amid the sending that told of this packet
    }
    waiting += typeof data === 'string' ? data.length : 0;
  };
  connection.on('packetCreate', count);
  connection.on('flush', () => (waiting = 0));
}
