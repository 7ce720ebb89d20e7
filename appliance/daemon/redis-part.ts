// Redis as the settings want it: this appliance's jobs told there, and those of others heard. Nothing of it where no URL is set.
import type { JobItem } from '../contract/api.ts';
import { type Log, maskUrl } from '../log.ts';
import type { Config } from './config.ts';
import type { Snapshot } from './publish/snapshot.ts';
import type { EventStream } from './publish/stream.ts';
import { RedisPublisher } from './redis/publisher.ts';
import { RemoteJobs } from './redis/remote-jobs.ts';
import { keysOf } from './redis/words.ts';

interface Neighbours {
  readonly boot: string;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  readonly onStateChange: () => void;
  readonly log: Log;
}

export interface RedisPart {
  /** Jobs of other appliances. */
  readonly remote: { readonly list: readonly JobItem[]; get(id: string): JobItem | undefined };
  /** A sentence with its remedy while Redis is away, else null. */
  readonly complaint: string | null;
  /** Events lost since the start because too many waited. */
  readonly dropped: number;
  open(): void;
  close(): Promise<void>;
}

export async function openRedis(
  { redis, node }: Config,
  { boot, stream, snapshot, onStateChange, log }: Neighbours,
): Promise<RedisPart> {
  const { url, prefix, public_url: publicUrl } = redis;
  if (url === null) return nothing;
  // Its client takes longer to load than most of a start: only where it is wanted.
  const { RedisLink } = await import('./redis/link.ts');
  const keys = keysOf(prefix);
  let reason: string | null = null;
  let twin = false;
  const setReason = (next: string | null) => {
    reason = next;
    onStateChange();
  };
  const onUp = () => {
    setReason(null);
    publisher.greet();
  };
  const telling = new RedisLink({ url, name: `${node}-tells`, onUp, onDown: setReason, log });
  const hearing = new RedisLink({
    ...{ url, name: `${node}-hears`, log },
    onUp: () => remote.greet(),
    onDown: () => undefined, // the other one says so
  });
  const own = { keys, node, stream, log };
  const onTwin = (there: boolean) => {
    if (there === twin) return;
    twin = there;
    onStateChange();
  };
  const publisher = new RedisPublisher({ ...own, link: telling, boot, url: publicUrl ?? '', snapshot, onTwin });
  const remote = new RemoteJobs({ ...own, link: hearing });
  return {
    remote,
    get complaint() {
      if (reason === null && twin) {
        return `Another appliance on Redis is called ${node} as well, and neither sees the other's jobs. Give each a name of its own with node.`;
      }
      if (reason === null) return null;
      return `Redis at ${maskUrl(url)} is away (${reason}), so other appliances are not told of jobs. Start it, or correct redis.url; Vedette goes on trying.`;
    },
    get dropped() {
      return publisher.dropped;
    },
    open: () => {
      telling.open();
      hearing.open();
    },
    close: async () => {
      await Promise.all([publisher.close(), remote.close()]);
      telling.close();
    },
  };
}

const nothing: RedisPart = {
  remote: { list: [], get: () => undefined },
  complaint: null,
  dropped: 0,
  open: () => undefined,
  close: () => Promise.resolve(),
};
