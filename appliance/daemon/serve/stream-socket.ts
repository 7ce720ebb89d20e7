// The WebSocket /v1/stream of the 0.16.7 dialect: frames come in as base64, what the tools see goes out.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import type { Looker } from '../jobs/looker.ts';
import { chooseTools, firstToolFor, foundPlugin, type KnownPlugins } from './choose-tool.ts';
import { cutPicture } from './cut-picture.ts';
import { LiveStream, type StreamFrame } from './live-stream.ts';
import type { PlainSocket } from './plain-sockets.ts';

export interface StreamSocketsOptions {
  readonly looker: Pick<Looker, 'look' | 'forget'>;
  readonly plugins: KnownPlugins;
  /** Streams at the same time. */
  readonly most: number;
  readonly log: Log;
}

const Frame = z.object({
  type: z.literal('frame'),
  frame_id: z.union([z.string().max(200), z.number()]).nullish(),
  /** Cut out before. */
  image_data: z.literal(''),
  plugin_id: z.string().max(200).nullish(),
  tools: z.array(z.string().max(200)).max(20).nullish(),
});
const Typed = z.object({ type: z.string(), frame_id: z.unknown().optional() });
const Switch = z
  .object({ plugin: z.string().optional(), plugin_id: z.string().optional() })
  .transform(({ plugin, plugin_id }) => plugin ?? plugin_id ?? '');

const usualPlugin = 'yolo-tracker';

interface Visit {
  readonly stream: LiveStream;
  /** Of frames that name none. */
  plugin: string;
  tools: readonly string[];
}

export class StreamSockets {
  readonly #options: StreamSocketsOptions;
  readonly #visits = new Map<PlainSocket, Visit>();

  constructor(options: StreamSocketsOptions) {
    this.#options = options;
  }

  /** Streams that are open now. */
  clients(): number {
    return this.#visits.size;
  }

  /** `query`: `plugin` and `tool`, which may repeat, of frames that name none. */
  opened(socket: PlainSocket, query: URLSearchParams): void {
    const { most, looker, log } = this.#options;
    if (this.#visits.size >= most) return socket.close(4429, `Only ${most} streams at the same time`);
    const client_id = randomUUID();
    const stream = new LiveStream({
      id: client_id,
      looker,
      onResult: ({ tools }, payload) => {
        const [first] = tools;
        const told = Object.fromEntries(tools.map((tool) => [tool, payload[tool]]));
        // The names by which the 0.16.7 web UI reads the same.
        const older = { result: tools.length > 1 ? told : payload[first], processing_time_ms: payload.processing_ms };
        send(socket, 'result', { ...payload, ...older });
      },
      onFault: ({ frameId }, fault) => sendFault(socket, fault, frameId),
      onBug: (err) => {
        log.error({ err }, 'stream failed; socket closed');
        socket.close(1011, 'Internal error');
      },
    });
    const visit = { stream, plugin: query.get('plugin') ?? usualPlugin, tools: query.getAll('tool') };
    this.#visits.set(socket, visit);
    send(socket, 'connected', { client_id, plugin: visit.plugin, tools: visit.tools });
  }

  /** `message`: valid while this runs. */
  received(socket: PlainSocket, message: Buffer): void {
    const visit = this.#visits.get(socket);
    if (!visit) return;
    let frameId: unknown;
    try {
      if (message.equals(plainPing)) return send(socket, 'pong', {});
      const { rest, picture } = cutPicture(message, ['image_data']);
      const typed = Typed.safeParse(rest);
      if (!typed.success) throw new Fault('malformed-request', 'A message is an object with a "type".');
      const { type } = typed.data;
      frameId = typed.data.frame_id;
      if (type === 'ping') return send(socket, 'pong', {});
      if (type === 'switch_plugin') return this.#switch(socket, visit, rest);
      if (type !== 'frame') throw new Fault('malformed-request', `There is no message of type "${type}".`);
      visit.stream.take(this.#frame(visit, rest, picture));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      sendFault(socket, error, frameId);
    }
  }

  closed(socket: PlainSocket): void {
    this.#visits.get(socket)?.stream.close();
    this.#visits.delete(socket);
  }

  close(): void {
    for (const socket of [...this.#visits.keys()]) {
      this.closed(socket);
      socket.close(1001, 'Appliance is stopping');
    }
  }

  #frame(visit: Visit, rest: unknown, picture: Buffer | null): StreamFrame {
    const frame = Frame.safeParse(rest);
    if (!frame.success || !picture) {
      const [issue] = frame.error?.issues ?? [];
      const what = issue ? `${issue.path.join('.')}: ${issue.message}` : 'image_data is missing';
      throw new Fault('malformed-request', `This is no frame: ${what}.`);
    }
    const { frame_id: frameId = null, plugin_id, tools: named } = frame.data;
    const { plugins } = this.#options;
    const plugin = plugin_id ?? visit.plugin;
    const wanted = named && named.length > 0 ? named : visit.tools;
    const names = wanted.length > 0 ? wanted : [firstToolFor(plugins, plugin, 'image_bytes')];
    const { pluginId, tools } = chooseTools(plugins, plugin, names, null);
    // The message's memory is the socket's own.
    return { frameId, pluginId, tools, picture: Buffer.from(picture) };
  }

  #switch(socket: PlainSocket, visit: Visit, rest: unknown): void {
    const name = Switch.safeParse(rest).data ?? '';
    const plugin = foundPlugin(this.#options.plugins, name);
    visit.plugin = plugin.id;
    visit.tools = [];
    send(socket, 'plugin_switched', { plugin: plugin.id });
  }
}

const plainPing = Buffer.from('ping');

function send(socket: PlainSocket, type: string, payload: object): void {
  socket.send(JSON.stringify({ type, payload }), false);
}

/** `error`: the same words, for the 0.16.7 web UI. */
function sendFault(socket: PlainSocket, { code, message }: Fault, frameId: unknown): void {
  const named = typeof frameId === 'string' || typeof frameId === 'number' ? { frame_id: frameId } : {};
  send(socket, 'error', { code, message, error: message, ...named });
}
