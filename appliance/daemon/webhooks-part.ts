// Webhooks as the settings want them.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { EventStream } from './publish/stream.ts';
import type { Database } from './record/database.ts';
import { WebhookStore } from './record/webhook-store.ts';
import { Webhooks } from './webhooks/webhooks.ts';

interface Neighbours {
  readonly database: Database;
  readonly stream: EventStream;
  readonly onChange: () => void;
  readonly log: Log;
}

export function makeWebhooks({ webhooks: hooks, node }: Config, { database, ...rest }: Neighbours): Webhooks {
  return new Webhooks({ hooks, node, store: new WebhookStore(database), ...rest });
}
