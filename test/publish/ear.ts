// An MQTT subscriber that remembers every message.
import { connectAsync, type MqttClient } from 'mqtt';
import { RecordOf } from './record-of.ts';

export interface Message {
  readonly topic: string;
  readonly text: string;
  /** Sent because it was retained, not because it was just published. */
  readonly retain: boolean;
}

export class Ear {
  readonly heard = new RecordOf<Message>();
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, { retain }) => this.heard.add({ topic, text: payload.toString(), retain }));
  }

  static async open(url: string, filter = '#'): Promise<Ear> {
    const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 }, false);
    const ear = new Ear(client);
    await client.subscribeAsync(filter, { qos: 1 });
    return ear;
  }

  /** What a newcomer finds retained, by topic: everything up to a mark published behind it. */
  static async retained(url: string): Promise<Map<string, string>> {
    const ear = await Ear.open(url);
    await ear.#client.publishAsync('mark', 'end', { qos: 1 });
    await ear.heard.find(({ topic }) => topic === 'mark');
    await ear.close();
    return new Map(ear.heard.all.filter(({ retain }) => retain).map(({ topic, text }) => [topic, text]));
  }

  textsOf(topic: string): string[] {
    return this.heard.all.filter((message) => message.topic === topic).map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
