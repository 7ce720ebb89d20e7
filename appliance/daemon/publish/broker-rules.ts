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
  /** Topics elsewhere that are the appliance's alone, such as what it is for Home Assistant. */
  readonly ownTopics?: readonly string[];
}

/** Of a command. */
const mostCommandBytes = 256 * 1024;
const defaultMostRetained: Bound = { topics: 1000, bytes: 16 * 1024 * 1024 };

/** The handlers that aedes asks. */
export function brokerRules(options: BrokerRulesOptions) {
  const { prefix, node, username, password, log, mostRetained = defaultMostRetained, ownTopics = [] } = options;
  const topics = topicsOf(prefix, node);
  const secret = Buffer.from(password);
  const own = new WeakSet<Client>();
  const retained = new RetainedBound(mostRetained);
  let full = false;

  const isOpenToAll = (topic: string) => {
    if (topic.startsWith('$') || ownTopics.includes(topic)) return false;
    if (topic !== topics.base && !topic.startsWith(`${topics.base}/`)) return true;
    return isCommand(topic) && topic !== topics.reply && !topic.startsWith(`${topics.reply}/`);
  };
  const isCommand = (topic: string) => topic.startsWith(`${topics.commands}/`);

  /** What is too much to keep is passed on all the same. */
  const keepWithinBound = (client: Client, packet: PublishPacket) => {
    if (!packet.retain) return;
    if (isCommand(packet.topic)) {
      log.warn({ client: client.id, topic: packet.topic }, 'retained MQTT command ignored');
      packet.payload = Buffer.alloc(0); // which retains nothing, and commands nothing
      return;
    }
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
      const isTooLong = isCommand(packet.topic) && packet.payload.length > mostCommandBytes;
      if (isOpenToAll(packet.topic) && !isTooLong) {
        keepWithinBound(client, packet);
        return done();
      }
      log.warn({ client: client.id, topic: packet.topic }, 'MQTT publish refused');
      done(new Error('Only the appliance publishes here'));
    },
  };
}
