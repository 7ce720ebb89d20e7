// The settings of MQTT: which broker, how to get in, what is told there and who is listened to.
import { z } from 'zod';
import { PipelineName } from '../../contract/job-options.ts';

const Url = z
  .string()
  .regex(/^(off|embedded(:\d{1,5})?|(mqtts?|wss?):\/\/.+)$/, 'expected off, embedded, embedded:PORT or an mqtt:// URL');
const PemFile = z.string().min(1).optional();

/** What one press submits. */
const MqttButton = z.strictObject({
  /** As Home Assistant shows it, and as `{"button": "…"}` names it. */
  name: z.string().min(1).max(64),
  /** By the rules of `downloads`; told to nobody. */
  url: z.string().min(1).max(4096),
  plugin_id: z.string().min(1).max(200).optional(),
  tool: z.union([z.string().min(1).max(200), z.array(z.string().min(1).max(200)).min(1).max(20)]).optional(),
  pipeline: PipelineName.optional(),
  annotated: z.boolean().optional(),
});

export const MqttSettings = z
  .strictObject({
    url: Url.default('embedded'),
    username: z.string().optional(),
    password: z.string().optional(),
    /** Left out: made of the node's name. */
    client_id: z
      .string()
      .regex(/^[\w.:-]{1,65}$/, 'expected 1 to 65 letters, digits, dots, dashes, colons and underscores')
      .optional(),
    /** PEM: who has signed the broker's certificate; left out: those that Node knows. */
    ca: PemFile,
    /** PEM: what the appliance shows of itself to a broker that asks for it. */
    cert: PemFile,
    key: PemFile,
    /** False: any certificate of the broker will do. */
    verify: z.boolean().default(true),
    /** `auto`: heard where not just anybody can send them. */
    commands: z.enum(['auto', 'on', 'off']).default('auto'),
    /** The appliance shows up in Home Assistant by itself. */
    discovery: z.boolean().default(true),
    /** As Home Assistant's own setting has it. */
    discovery_prefix: z
      .string()
      .regex(/^[^+#/\s]+(\/[^+#/\s]+)*$/, 'expected a topic without wildcards')
      .max(200)
      .default('homeassistant'),
    /** Pictures leave too: the last job's, and what a running job sees. */
    preview: z.boolean().default(false),
    buttons: z
      .array(MqttButton)
      .max(20)
      .refine((buttons) => new Set(buttons.map(({ name }) => name)).size === buttons.length, 'two have the same name')
      .default([]),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    path: ['cert'],
    error: 'a certificate and its key come together: set mqtt.cert and mqtt.key',
  });
export type MqttSettings = Readonly<z.infer<typeof MqttSettings>>;
