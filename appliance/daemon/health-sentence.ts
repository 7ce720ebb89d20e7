// One part's health as it is told: a code with its values, made a sentence for those who read English. Pure.
import type { HealthPart } from '../contract/system-api.ts';
import { healthWords } from './health-words.ts';
import { inUnits } from './storage/words.ts';

type HealthCode = keyof typeof healthWords;

/** The names in braces of a sentence. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** Exactly what the sentence has a place for. */
type Values<Code extends HealthCode> = Readonly<Record<Names<(typeof healthWords)[Code]['sentence']>, string | number>>;

export function say<Code extends HealthCode>(code: Code, values: Values<Code>): HealthPart {
  const { part, state, sentence, remedy } = healthWords[code];
  const known: Readonly<Record<string, string | number>> = values;
  return {
    part,
    state,
    code,
    values: { ...known },
    sentence: sentence.replace(/\{(\w+)\}/g, (_, name: string) => shown(name, known[name] ?? '')),
    remedy,
  };
}

/** By the endings that the table of words explains. */
function shown(name: string, value: string | number): string {
  if (name.endsWith('_bytes')) return inUnits(Number(value));
  if (name.endsWith('_c')) return `${Number(value).toFixed(0)} °C`;
  if (name.endsWith('_at')) return `${String(value).slice(0, 16).replace('T', ' ')} UTC`;
  return String(value);
}
