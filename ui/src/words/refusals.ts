// Refusals in the visitor's language: what went wrong, and what helps. Pure.
import type { Refused } from '../wire/answers.ts';
import type { Language } from './language.svelte.ts';

/**
 * In English the appliance's own words, which name what was wrong; in other languages the message for its code, or for
 * its status, and its own words only where there is none.
 */
export function sentenceOf({ status, code, detail, retryAfterS }: Refused, language: Language): string {
  const { t } = language;
  const known =
    (code === null ? undefined : language.find(`faults.${code}`)) ?? language.find(`faults.status-${status}`);
  const own = language.locale === 'en' && detail !== null ? detail : (known ?? detail);
  const said = own === null ? t('faults.unknown', { status }) : sentence(own);
  const remedy = remedyOf(status, retryAfterS, language);
  return remedy === null ? said : `${said} ${remedy}`;
}

function remedyOf(status: number, retryAfterS: number | null, { t, figures }: Language): string | null {
  if (status === 401) return t('faults.give-key');
  if (status === 413) return t('faults.send-smaller');
  if (status !== 429) return null;
  return retryAfterS === null ? t('faults.try-soon') : t('faults.try-in', { wait: figures.duration(retryAfterS) });
}

/** A job's own failure, whose code and words are recorded with it. */
export function failureOf(
  job: { error_code: string | null; error_message: string | null },
  language: Language,
): string {
  if (language.locale === 'en' || job.error_code === null) return job.error_message ?? '';
  return language.find(`faults.${job.error_code}`) ?? job.error_message ?? '';
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?。！？؟]$/.test(begun) ? begun : `${begun}.`;
}
