// The sentences of the appliance's parts in the visitor's language, by their codes. Pure.
import type { HealthPart } from '../../../../appliance/contract/system-api.ts';
import type { Language, Values } from '../../words/language.svelte.ts';
import { providerNames } from '../../words/looks.ts';

export function sentenceOf({ code, sentence, values }: HealthPart, language: Language): string {
  return language.find(`system.health-${code}`, written(values, language)) ?? sentence;
}

/** Null where nothing is to be done. */
export function remedyOf({ code, remedy, values }: HealthPart, language: Language): string | null {
  if (remedy === null) return null;
  return language.find(`system.remedy-${code}`, written(values, language)) ?? remedy;
}

const providers: Readonly<Record<string, string>> = providerNames;

/** Values say by the ends of their names what they are. */
function written(values: HealthPart['values'], { figures }: Language): Values {
  const entries = Object.entries(values).map(([name, value]): [string, string | number] => {
    if (typeof value === 'number' && name.endsWith('_bytes')) return [name, figures.bytes(value)];
    if (typeof value === 'number' && name.endsWith('_c')) return [name, figures.temperature(value)];
    if (typeof value === 'string' && name.endsWith('_at')) return [name, figures.moment(value, new Date())];
    if (name === 'provider' || name === 'building') return [name, providers[value] ?? value];
    return [name, value];
  });
  return Object.fromEntries(entries);
}
