// What Home Assistant wants of MQTT device discovery, as a schema, and what its templates make of a state.
// Sources: home-assistant.io/integrations/mqtt (Discovery topic, Device discovery payload), /sensor.mqtt, /binary_sensor.mqtt,
// /button.mqtt, /image.mqtt, /camera.mqtt; homeassistant/components/mqtt/{schemas,entity}.py.
import { z } from 'zod';

/** "<discovery_prefix>/<component>/[<node_id>/]<object_id>/config", of alphanumerics, underscores and hyphens. */
export const DiscoveryTopic = z.string().regex(/^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/);

/** MQTT 3.1.1, 4.7.1: no wildcard in a topic that is published to; a component listens to one topic each. */
const Topic = z.string().regex(/^[^+#\0]{1,1000}$/);
const Icon = z.string().regex(/^[\w-]+:[\w-]+$/);
const plain = /^\{\{ value_json((?:\.[a-z0-9_]+)+)(?: \| (tojson))? \}\}$/;
const choice = /^\{\{ '(\w+)' if value_json((?:\.[a-z0-9_]+)+) == '(\w+)' else '(\w+)' \}\}$/;
const Template = z
  .string()
  .refine((text) => plain.test(text) || choice.test(text), 'a template that the tests can read');

/** `availability` and `availability_topic` exclude each other; without the mode the newest word of any topic counts. */
const Availability = z.object({
  availability: z
    .array(z.strictObject({ topic: Topic, payload_available: z.string(), payload_not_available: z.string() }))
    .min(1),
  availability_mode: z.literal('all'),
});

/** Entities of a device need `unique_id`; `object_id` has been refused since 2026.4, `default_entity_id` names the domain too. */
const Entity = Availability.extend({
  unique_id: z.string().min(1),
  default_entity_id: z.string().regex(/^[a-z_]+\.[a-z0-9]+(_[a-z0-9]+)*$/),
  name: z.string().min(1),
  icon: Icon.optional(),
  /** A sensor is never `config`. */
  entity_category: z.literal('diagnostic').optional(),
});
const Attributes = z.object({ json_attributes_topic: Topic.optional(), json_attributes_template: Template.optional() });

const Sensor = Entity.extend(Attributes.shape)
  .extend({
    platform: z.literal('sensor'),
    state_topic: Topic,
    value_template: Template,
    state_class: z.literal('measurement').optional(),
    unit_of_measurement: z.string().optional(),
    device_class: z.enum(['enum', 'duration']).optional(),
    options: z.array(z.string()).min(1).optional(),
  })
  .strict()
  .refine((sensor) => (sensor.device_class === 'enum') === (sensor.options !== undefined), 'options are of enums alone')
  .refine(
    ({ device_class, state_class, unit_of_measurement }) =>
      device_class !== 'enum' || (state_class === undefined && unit_of_measurement === undefined),
    'an enum has neither state class nor unit',
  )
  .refine(
    ({ device_class, unit_of_measurement = '' }) =>
      device_class !== 'duration' || ['d', 'h', 'min', 's', 'ms', 'μs'].includes(unit_of_measurement),
    'a duration has a unit of time',
  );
const BinarySensor = Entity.extend(Attributes.shape)
  .extend({
    platform: z.literal('binary_sensor'),
    state_topic: Topic,
    value_template: Template,
    payload_on: z.string(),
    payload_off: z.string(),
    device_class: z.literal('problem'),
  })
  .strict();
/** No `retain`: it is off unless said, and a retained command would be given again and again. */
const Button = Entity.extend({
  platform: z.literal('button'),
  command_topic: Topic,
  payload_press: z.string(),
}).strict();
/** One of `image_topic` and `url_topic`; the type goes with the first alone. */
const Image = Entity.extend({
  platform: z.literal('image'),
  image_topic: Topic,
  content_type: z.literal('image/jpeg'),
}).strict();
/** Not `state_topic`. */
const Camera = Entity.extend({ platform: z.literal('camera'), topic: Topic }).strict();
/** "An empty config can be published as an update to remove a single component. The platform is still required." */
const Removed = z.strictObject({ platform: z.string() });

const Component = z.union([Removed, Sensor, BinarySensor, Button, Image, Camera]);
/**
 * `device` and `origin` are mandatory; an unknown key here fails the whole device; availability stands in the components
 * alone, since what stands here is copied into each that lacks the very same key.
 */
export const DevicePayload = z
  .strictObject({
    device: z.strictObject({
      identifiers: z.array(z.string()).min(1),
      name: z.string(),
      manufacturer: z.string(),
      model: z.string(),
      sw_version: z.string(),
    }),
    origin: z.strictObject({ name: z.string(), sw_version: z.string(), support_url: z.url().optional() }),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    components: z.record(z.string(), Component),
  })
  .superRefine(({ components }, context) => {
    const entities = Object.values(components).filter((one) => 'unique_id' in one);
    for (const key of ['unique_id', 'default_entity_id'] as const) {
      const all = entities.map((entity) => entity[key]);
      if (new Set(all).size !== all.length) context.addIssue({ code: 'custom', message: `${key} stands twice` });
    }
    for (const { platform, default_entity_id: id } of entities) {
      if (!id.startsWith(`${platform}.`)) context.addIssue({ code: 'custom', message: `${id} is no ${platform}` });
    }
  });

/** A dictionary's own words: Jinja finds these before what is kept under the same name. */
const methods = [
  'clear',
  'copy',
  'fromkeys',
  'get',
  'items',
  'keys',
  'pop',
  'popitem',
  'setdefault',
  'update',
  'values',
];

/** Attributes that Home Assistant keeps for itself (MQTT_ATTRIBUTES_BLOCKED, and those of sensors). */
export const blockedAttributes = [
  ...['assumed_state', 'available', 'device_class', 'device_info', 'entity_category', 'entity_picture', 'force_update'],
  ...['icon', 'last_reset', 'name', 'should_poll', 'state_class', 'supported_features', 'unique_id'],
  'unit_of_measurement',
];

/** What a template as above gives. Throws where Home Assistant would warn, or find something else. */
export function rendered(template: string, payload: string): unknown {
  const [, then, tested, equal, otherwise] = choice.exec(template) ?? [];
  if (tested !== undefined) return at(tested, payload) === equal ? then : otherwise;
  const [, path, filter] = plain.exec(template) ?? [];
  if (path === undefined) throw new Error(`${template} cannot be read`);
  const value = at(path, payload);
  if (filter === undefined && typeof value === 'object' && value !== null) throw new Error(`${path} is no value`);
  return value;
}

function at(path: string, payload: string): unknown {
  let value: unknown = JSON.parse(payload);
  for (const key of path.split('.').slice(1)) {
    if (methods.includes(key)) throw new Error(`${path}: ${key} is a method`);
    const inner = z.record(z.string(), z.unknown()).parse(value);
    if (!(key in inner)) throw new Error(`${path}: there is no ${key}`);
    value = inner[key];
  }
  return value;
}
