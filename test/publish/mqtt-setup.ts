// What tests of the MQTT publisher share: jobs of their own, a real broker, and all that they open, closed behind them.
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { MqttPublisher, type MqttPublisherOptions } from '../../appliance/daemon/publish/mqtt.ts';
import { startBroker, type TestBroker, type TestBrokerOptions } from '../support/broker.ts';
import { Ear } from './ear.ts';
import { Opened } from './opened.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';
import { Wire } from './wire.ts';

export const base = 'vedette/box';

export class MqttSetup {
  readonly source = new Source();
  readonly opened = new Opened();
  readonly broker: TestBroker;

  private constructor(broker: TestBroker) {
    this.broker = this.opened.add(broker);
  }

  static async open(options?: TestBrokerOptions): Promise<MqttSetup> {
    return new MqttSetup(await startBroker(options));
  }

  publish(options: Partial<MqttPublisherOptions> = {}) {
    const states = new RecordOf<MqttState>();
    const { stream, snapshot, log } = this.source;
    const publisher = new MqttPublisher({
      ...{ url: this.broker.url, prefix: 'vedette', node: 'box', boot: 'boot-1', stream, snapshot, log },
      onStateChange: states.add,
      retryMs: { min: 5, max: 20 },
      ...options,
    });
    this.opened.add(publisher);
    const connected = (times = 1) => states.until((all) => all.filter((state) => state.connected).length >= times);
    return { publisher, states, connected };
  }

  async listen(filter?: string): Promise<Ear> {
    return this.opened.add(await Ear.open(this.broker.url, filter));
  }

  async plugWire(): Promise<Wire> {
    return this.opened.add(await Wire.open(this.broker.port));
  }
}
