// Who may do what on the embedded broker: anybody on this machine listens and commands, only the appliance speaks for itself.
import { timingSafeEqual } from 'node:crypto';
import type { AuthenticateError, Client, ConnectPacket, PublishPacket } from 'aedes';
import type { Log } from '../../log.ts';
import { type Bound, RetainedBound } from './retained-bound.ts';
import { toClientId, topicsOf } from './topics.ts';

export interface BrokerRulesOptions {
  readonly prefix: string;
  readonly node: string;
  /** Of the appliance's own client. */
  readonly username: string;
  readonly password: string;
  readonly log: Log;
  /** For all topics that are not the appliance's own. */
  readonly mostRetained?: Bound;
}

const defaultMostRetained: Bound = { topics: 1000, bytes: 16 * 1024 * 1024 };

/** The handlers that aedes asks. */
export function brokerRules(options: BrokerRulesOptions) {
  const { prefix, node, username, password, log, mostRetained = defaultMostRetained } = options;
  const topics = topicsOf(prefix, node);
  const secret = Buffer.from(password);
  const own = new WeakSet<Client>();
  const retained = new RetainedBound(mostRetained);
  let full = false;

  const isOpenToAll = (topic: string) => {
    if (topic.startsWith('$')) return false;
    if (topic !== topics.base && !topic.startsWith(`${topics.base}/`)) return true;
    return topic.startsWith(`${topics.commands}/`);
  };

  /** What is too much to keep is passed on all the same. */
  const keepWithinBound = (client: Client, packet: PublishPacket) => {
    if (!packet.retain) return;
    packet.retain = retained.admits(packet.topic, packet.payload);
    // one line when it becomes full, not one for each message
    if (!packet.retain && !full) log.warn({ client: client.id, topic: packet.topic }, 'MQTT retains no more');
    full = !packet.retain;
  };

  return {
    /** Sessions do not outlive their connection: state is retained, and a queue for who is away has no bound. */
    preConnect(_client: Client, packet: ConnectPacket, done: (err: null, allowed: boolean) => void) {
      packet.clean = true;
      done(null, true);
    },

    authenticate(
      client: Client,
      user: string | undefined,
      given: Buffer | undefined,
      done: (err: AuthenticateError | null, allowed: boolean) => void,
    ) {
      const claimed = user === username;
      if (claimed && given?.length === secret.length && timingSafeEqual(given, secret)) {
        own.add(client);
        return done(null, true);
      }
      // a second client with the appliance's id would put the first one out
      done(null, !claimed && client.id !== toClientId(node));
    },

    authorizePublish(client: Client | null, packet: PublishPacket, done: (err?: Error) => void) {
      if (client === null || own.has(client)) return done();
      if (isOpenToAll(packet.topic)) {
        keepWithinBound(client, packet);
        return done();
      }
      log.warn({ client: client.id, topic: packet.topic }, 'MQTT publish refused');
      done(new Error('Only the appliance publishes here'));
    },
  };
}
