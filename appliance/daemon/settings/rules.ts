// What fits each offered setting, read from the schema that checks them all, so that the two cannot differ.
import { z } from 'zod';
import type { SettingView } from '../../contract/settings-api.ts';
import { offered } from './offered.ts';
import { SettingsSchema } from './schema.ts';

export type Rule = Pick<SettingView, 'key' | 'kind' | 'optional' | 'min' | 'max' | 'effect'>;

/** The parts of JSON Schema that settings make use of. */
const Node = z.object({
  type: z.string().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  get properties() {
    return z.record(z.string(), Node).optional();
  },
  get anyOf() {
    return z.array(Node).optional();
  },
});
type Node = z.infer<typeof Node>;

const kinds = { string: 'text', number: 'number', integer: 'integer', boolean: 'switch' } as const;

/** In the order in which they are shown. */
export function settingRules(): Rule[] {
  const whole = Node.parse(z.toJSONSchema(SettingsSchema, { io: 'input', unrepresentable: 'any' }));
  return [...offered].map(([key, { effect, empty }]) => {
    const at = key.split('.').reduce<Node | undefined>((node, name) => node?.properties?.[name], whole);
    const node = at?.anyOf?.find(({ type }) => type !== 'null') ?? at;
    const kind = Object.entries(kinds).find(([type]) => type === node?.type)?.[1];
    if (!node || !kind) throw new Error(`${key} is offered, and no plain setting`);
    const min = bounded(node.minimum ?? node.exclusiveMinimum);
    return { key, kind, optional: empty !== null, min, max: bounded(node.maximum), effect };
  });
}

/** What every integer of JavaScript is bounded by is no rule of its own. */
function bounded(limit: number | undefined): number | null {
  return limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? null : limit;
}
