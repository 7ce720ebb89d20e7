// Vedette as a device of Home Assistant: what its MQTT discovery is told, by the documented rules. Pure.
// https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
import { stages } from '../../contract/progress.ts';
import { shownName, slugsOf, toSlug } from './home-assistant-names.ts';
import { classKeys } from './home-assistant-state.ts';
import { toNodeName, type Topics } from './topics.ts';

export interface DeviceOptions {
  readonly node: string;
  readonly version: string;
  readonly topics: Topics;
  /** Of the model in use. */
  readonly classes: readonly string[];
  /** Buttons stand only where commands are heard. */
  readonly commands: boolean;
  readonly buttons: readonly string[];
  readonly pictures: boolean;
}

/** By its key, which is part of its identity. Names in full: an abbreviation that is not known fails the whole device. */
export type Components = Readonly<Record<string, { readonly platform: string } & Readonly<Record<string, unknown>>>>;

/** The topic takes letters, digits, underscores and hyphens alone. */
function deviceId(node: string): string {
  return `vedette_${toNodeName(node).replaceAll('.', '_')}`;
}

export function deviceTopic(discoveryPrefix: string, node: string): string {
  return `${discoveryPrefix}/device/${deviceId(node)}/config`;
}

/** `gone`: platforms by key of components that were there before; they are taken away by standing there empty. */
export function toDevicePayload(
  { node, version }: Pick<DeviceOptions, 'node' | 'version'>,
  components: Components,
  gone: Readonly<Record<string, string>> = {},
): string {
  const taken = Object.fromEntries(Object.entries(gone).map(([key, platform]) => [key, { platform }]));
  return JSON.stringify({
    device: {
      identifiers: [deviceId(node)],
      name: `Vedette ${node}`,
      manufacturer: 'Vedette',
      model: 'Video analysis appliance',
      sw_version: version,
    },
    origin: { name: 'Vedette', sw_version: version },
    qos: 1,
    components: { ...taken, ...components },
  });
}

export function componentsOf(options: DeviceOptions): Components {
  const { node, topics, classes, pictures } = options;
  const id = deviceId(node);
  // In each component, never beside them: what stands there is mixed into components in ways that hide them. `all`: else
  // the newest word of any topic would stand for all of them.
  const availability = {
    availability_mode: 'all',
    availability: [{ topic: topics.availability, payload_available: 'online', payload_not_available: 'offline' }],
  };
  const component = (platform: string, key: string, name: string, more: Readonly<Record<string, unknown>>) => [
    key,
    {
      platform,
      unique_id: `${id}_${key}`,
      default_entity_id: `${platform}.${toSlug(`${id}_${key}`)}`,
      name,
      ...availability,
      ...more,
    },
  ];
  const sensorOf =
    (topic: string) => (key: string, name: string, path: string, more: Readonly<Record<string, unknown>>) =>
      component('sensor', key, name, { state_topic: topic, value_template: `{{ value_json.${path} }}`, ...more });
  const [now, last] = [sensorOf(topics.state), sensorOf(topics.last)];
  const measured = { state_class: 'measurement' };

  return Object.fromEntries([
    now('jobs_running', 'Jobs running', 'jobs.running', { ...measured, icon: 'mdi:play-circle' }),
    now('jobs_waiting', 'Jobs waiting', 'jobs.waiting', { ...measured, icon: 'mdi:tray-full' }),
    now('progress', 'Progress', 'job.progress', {
      ...measured,
      unit_of_measurement: '%',
      icon: 'mdi:progress-clock',
    }),
    now('eta', 'Time left', 'job.eta_s', { device_class: 'duration', unit_of_measurement: 's' }),
    now('stage', 'Stage', 'job.stage', {
      device_class: 'enum',
      options: ['idle', ...stages],
      icon: 'mdi:state-machine',
    }),
    // A message with attributes counts as a change of state, so that two jobs with the same result are two: the topic that
    // carries them must not move for anything else.
    last('last_result', 'Last result', 'result', {
      device_class: 'enum',
      options: ['completed', 'failed', 'cancelled'],
      icon: 'mdi:clipboard-check',
      json_attributes_topic: topics.last,
      json_attributes_template: '{{ value_json.job | tojson }}',
    }),
    last('detections', 'Detections', 'detections', { ...measured, icon: 'mdi:shape' }),
    ...[...classKeys(classes)].map(([name, key]) =>
      last(`class_${key.slice(2)}`, shownName(name), `classes.${key}`, { ...measured, icon: 'mdi:counter' }),
    ),
    component('binary_sensor', 'problem', 'Problem', {
      state_topic: topics.status,
      value_template: "{{ 'OFF' if value_json.state == 'ok' else 'ON' }}",
      payload_on: 'ON',
      payload_off: 'OFF',
      device_class: 'problem',
      entity_category: 'diagnostic',
      json_attributes_topic: topics.status,
    }),
    ...(options.commands ? buttonsOf(options, component) : []),
    ...(pictures
      ? [
          component('image', 'poster', 'Last picture', { image_topic: topics.poster, content_type: 'image/jpeg' }),
          component('camera', 'preview', 'Preview', { topic: topics.preview }),
        ]
      : []),
  ]) as Components;
}

type Make = (platform: string, key: string, name: string, more: Readonly<Record<string, unknown>>) => unknown[];

function buttonsOf({ topics, buttons }: DeviceOptions, component: Make) {
  const press = (command: string, payload: unknown) => ({
    command_topic: `${topics.commands}/${command}`,
    payload_press: JSON.stringify(payload),
  });
  return [
    component('button', 'cancel', 'Cancel job', { ...press('cancel', { job_id: 'running' }), icon: 'mdi:stop' }),
    // By name: the source's address may hold a secret, and this is for everybody to read.
    ...[...slugsOf(buttons, 'button')].map(([button, slug]) =>
      component('button', `submit_${slug}`, shownName(button), {
        ...press('submit', { button }),
        icon: 'mdi:movie-search',
      }),
    ),
  ];
}
