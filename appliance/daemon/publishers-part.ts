// Those who tell other programs of jobs: MQTT, webhooks, Redis.
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Lookout } from './jobs/lookout.ts';
import { readPoster } from './mqtt-desk-part.ts';
import { type MqttPart, openMqtt } from './mqtt-part.ts';
import type { Parts } from './parts.ts';
import type { Snapshot } from './publish/snapshot.ts';
import type { EventStream } from './publish/stream.ts';
import type { Database } from './record/database.ts';
import { RemovedTopics } from './record/removed-topics.ts';
import { openRedis, type RedisPart } from './redis-part.ts';
import type { Webhooks } from './webhooks/webhooks.ts';
import { makeWebhooks } from './webhooks-part.ts';

interface Neighbours {
  readonly parts: Parts;
  readonly boot: string;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  readonly database: Database;
  readonly folders: Folders;
  readonly lookout: Lookout;
  /** True where requests need a key. */
  readonly locked: boolean;
  readonly onChange: () => void;
  readonly log: Log;
}

export interface Publishers {
  readonly mqtt: MqttPart;
  readonly webhooks: Webhooks;
  readonly redis: RedisPart;
}

export async function openPublishers(config: Config, neighbours: Neighbours): Promise<Publishers> {
  const { parts, boot, stream, snapshot, database, folders, lookout, locked, onChange, log } = neighbours;
  const told = { boot, stream, snapshot, onStateChange: onChange, log };
  const mqtt = parts.add(
    'mqtt',
    await openMqtt(config.mqtt, {
      ...told,
      node: config.node,
      removed: new RemovedTopics(database),
      pictures: { poster: (id) => readPoster(folders.jobs, id), glance: (id) => lookout.glance(id) },
      memory: join(config.data, 'home-assistant.json'),
      locked,
    }),
  );
  const webhooks = parts.add('webhooks', makeWebhooks(config, { database, stream, onChange, log }));
  const redis = parts.add('redis', await openRedis(config, told));
  return { mqtt, webhooks, redis };
}
