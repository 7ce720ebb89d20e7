// Why an address is refused, in the visitor's language: the rule that refuses it, and who can change that. Pure.
import type { Refused } from '../../wire/answers.ts';
import type { Language } from '../../words/language.svelte.ts';
import type { MessageId } from '../../words/message-id.ts';
import { sentenceOf } from '../../words/refusals.ts';

/** The rules as the appliance words them; the first group is the place that may not be reached. */
const rules: readonly (readonly [RegExp, MessageId])[] = [
  [/only http and https/, 'submit.url-not-web'],
  [/no URL|names no host/, 'submit.url-none'],
  [/refused: (.+?)(?: is at \S+ which)? is no public address/, 'submit.url-private'],
  [/refused: (.+?)(?: is at \S+ which)? is public/, 'submit.url-public'],
];

export function whyRefused(refused: Refused, language: Language): string {
  if (refused.code !== 'source-url-refused') return sentenceOf(refused, language);
  for (const [rule, message] of rules) {
    const found = rule.exec(refused.detail ?? '');
    if (found) return language.t(message, { place: found[1] ?? '' });
  }
  return sentenceOf(refused, language);
}
