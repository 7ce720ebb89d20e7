// A client that commands over MQTT and waits for the answers, as an automation does.
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { z } from 'zod';
import { RecordOf } from './record-of.ts';

const Answer = z.looseObject({ ok: z.boolean(), job_id: z.string().nullish(), code: z.string().optional() });

export interface HeardAnswer {
  readonly topic: string;
  readonly answer: z.infer<typeof Answer>;
  readonly properties: IPublishPacket['properties'];
  readonly retain: boolean;
}

export class Commander {
  readonly answers = new RecordOf<HeardAnswer>();
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, { properties, retain }) =>
      this.answers.add({ topic, answer: Answer.parse(JSON.parse(payload.toString())), properties, retain }),
    );
  }

  /** `filter`: where it hears answers. */
  static async open(url: string, filter: string, options: IClientOptions = {}): Promise<Commander> {
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
    const commander = new Commander(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return commander;
  }

  async send(topic: string, command: unknown, properties?: IPublishPacket['properties'], retain = false) {
    const text = typeof command === 'string' ? command : JSON.stringify(command);
    await this.client.publishAsync(topic, text, { qos: 1, retain, ...(properties && { properties }) });
  }

  /** Sends it, and gives the next answer. */
  async ask(topic: string, command: unknown, properties?: IPublishPacket['properties']): Promise<HeardAnswer> {
    const before = this.answers.all.length;
    await this.send(topic, command, properties);
    await this.answers.until((all) => all.length > before);
    const [next] = this.answers.all.slice(before);
    if (!next) throw new Error('waited for an answer, and it is not there');
    return next;
  }

  async close(): Promise<void> {
    await this.client.endAsync(true);
  }
}
