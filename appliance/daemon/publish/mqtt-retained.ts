// What the appliance leaves with a broker: retained, QoS 1, and a broker that owes acknowledgements for too long is given up.
import type { IClientPublishOptions, MqttClient } from 'mqtt';
import type { Log } from '../../log.ts';
import type { Payload, Send } from './outbox.ts';

export interface RetainedOptions {
  readonly ackMs: number;
  readonly boot: string;
  readonly giveUp: () => void;
  readonly log: Log;
}

/** Says nothing more of what is under way when the connection breaks: whoever sent it hears of that by `onDown`. */
export function retainedSend(client: MqttClient, { ackMs, boot, giveUp, log }: RetainedOptions): Send {
  let owed = 0;
  let refused = false;
  let patience: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(patience);
    patience = owed > 0 ? setTimeout(giveUp, ackMs) : undefined;
  };
  client.once('close', () => clearTimeout(patience));
  return (topic, payload, done) => {
    owed += 1;
    if (owed === 1) wait();
    client.publish(topic, payload, { qos: 1, retain: true, ...describe(payload, boot) }, (err) => {
      if (!client.connected) return;
      owed -= 1;
      wait();
      // one line for each connection, not one for each message
      if (err && !refused) log.warn({ err, topic }, 'MQTT broker refuses to publish');
      refused ||= err instanceof Error;
      done(err ?? undefined);
    });
  };
}

/**
 * What is retained is JSON, a picture, or a word; an empty one clears its topic, and is nothing. It never expires: a state
 * holds until the next one.
 */
function describe(payload: Payload, boot: string): IClientPublishOptions {
  if (payload.length === 0) return {};
  const isText = typeof payload === 'string';
  const contentType = !isText ? 'image/jpeg' : payload.startsWith('{') ? 'application/json' : 'text/plain';
  return { properties: { contentType, userProperties: { boot } } };
}
