// How refusals of the appliance read, in the language of the screen.
import { beforeAll, describe, expect, test } from 'vitest';
import { Language, type Locale } from '../../ui/src/words/language.svelte.ts';
import { loadMessages } from '../../ui/src/words/load-messages.ts';
import { failureOf, sentenceOf } from '../../ui/src/words/refusals.ts';
import { understand } from '../../ui/src/wire/answers.ts';
import { memoryStore } from './memory-store.ts';

const languages: Partial<Record<Locale, Language>> = {};

function speaking(locale: Locale): Language {
  const language = languages[locale];
  if (!language) throw new Error(`${locale} is not open`);
  return language;
}

function say(status: number, body: unknown, headers: Record<string, string> = {}, locale: Locale = 'en'): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return sentenceOf(understand({ status, text, header: (name) => headers[name] ?? null }), speaking(locale));
}

beforeAll(async () => {
  for (const locale of ['en', 'de'] as const)
    languages[locale] = await Language.open({ store: memoryStore(), preferred: [locale], load: loadMessages });
});

describe('a refusal', () => {
  test('is told in the words of the appliance, which are English', () => {
    expect(say(400, { detail: 'Invalid MP4 file' })).toBe('Invalid MP4 file.');
  });

  test('is told by its code, or else by its status, in another language', () => {
    const { t } = speaking('de');
    const coded = say(400, { detail: 'Invalid MP4 file' }, { 'vedette-fault': 'invalid-video' }, 'de');
    expect(coded).toBe(t('faults.invalid-video'));
    expect(say(507, { detail: 'Not enough space' }, {}, 'de')).toBe(t('faults.status-507'));
    expect(say(418, { detail: 'I am a teapot' }, { 'vedette-fault': 'of-a-later-release' }, 'de')).toBe(
      'I am a teapot.',
    );
  });

  test('names the fields of a 422 list', () => {
    const detail = [
      { type: 'missing', loc: ['query', 'plugin_id'], msg: 'Field required', input: null },
      { type: 'missing', loc: ['body', 'file'], msg: 'Field required', input: null },
    ];
    expect(say(422, { detail })).toBe('Plugin_id: Field required. file: Field required.');
  });

  test('brings its remedy', () => {
    expect(say(429, { detail: 'Queue full' }, { 'retry-after': '30' })).toBe('Queue full. Try again in 30 sec.');
    expect(say(429, '')).toBe('The queue is full. Try again in a moment.');
    expect(say(413, '')).toBe('The file is larger than this appliance accepts. Send a shorter or a smaller file.');
    expect(say(401, { detail: 'Unauthorized' })).toBe('Unauthorized. Give the key of this appliance, then try again.');
    expect(say(507, { detail: 'Not enough space. Remove finished jobs to make room.' })).toBe(
      'Not enough space. Remove finished jobs to make room.',
    );
    expect(say(507, '')).toMatch(/nearly full\. Remove finished jobs/);
  });

  test('is a sentence even where no answer came, or one in HTML', () => {
    expect(say(0, '')).toMatch(/^The connection broke/);
    expect(say(502, '<html>Bad gateway</html>')).toBe('The appliance answered with error 502.');
    expect(say(500, { detail: [] })).toBe('The appliance answered with error 500.');
  });
});

describe('the failure of a job', () => {
  const failed = { error_code: 'source-undecodable', error_message: 'Stream 0 holds av1, which nothing here decodes.' };

  test('is told in its own words in English, by its code elsewhere', () => {
    expect(failureOf(failed, speaking('en'))).toBe(failed.error_message);
    expect(failureOf(failed, speaking('de'))).toBe(speaking('de').t('faults.source-undecodable'));
    expect(failureOf({ ...failed, error_code: 'of-a-later-release' }, speaking('de'))).toBe(failed.error_message);
    expect(failureOf({ error_code: null, error_message: null }, speaking('de'))).toBe('');
  });
});
