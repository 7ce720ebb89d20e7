// How refusals of the appliance read.
import { describe, expect, test } from 'vitest';
import { explain } from '../../ui/src/wire/answers.ts';

function say(status: number, body: unknown, retryAfter: string | null = null): string {
  return explain({ status, text: typeof body === 'string' ? body : JSON.stringify(body), retryAfter });
}

describe('a refusal', () => {
  test('is told in the words of the appliance', () => {
    expect(say(400, { detail: 'Invalid MP4 file' })).toBe('Invalid MP4 file.');
  });

  test('names the fields of a 422 list', () => {
    const detail = [
      { type: 'missing', loc: ['query', 'plugin_id'], msg: 'Field required', input: null },
      { type: 'missing', loc: ['body', 'file'], msg: 'Field required', input: null },
    ];
    expect(say(422, { detail })).toBe('Plugin_id: Field required. file: Field required.');
  });

  test('brings its remedy', () => {
    expect(say(429, { detail: 'Queue full' }, '30')).toBe('Queue full. Try again in 30 s.');
    expect(say(429, '')).toBe('The queue is full. Try again in a moment.');
    expect(say(413, '')).toBe('The file is larger than this appliance accepts. Send a shorter or a smaller file.');
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
