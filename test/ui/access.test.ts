// The key and the shade that this device remembers, and the question before something is lost.
import { describe, expect, test } from 'vitest';
import { Access } from '../../ui/src/state/access.svelte.ts';
import { Question } from '../../ui/src/state/question.svelte.ts';
import { Theme } from '../../ui/src/state/theme.svelte.ts';
import { keyOf } from '../../ui/src/wire/address.ts';
import { memoryStore } from './memory-store.ts';

describe('the key', () => {
  test('is taken from the address and kept', () => {
    const store = memoryStore();
    const access = new Access(store);
    expect(access.headers()).toEqual({});
    access.give(keyOf('#key=a%2Bb') ?? '');
    expect(new Access(store).headers()).toEqual({ 'X-API-Key': 'a+b' });
  });

  test('is not taken from an address that brings none', () => {
    for (const hash of ['', '#', '#key=', '#queue']) expect(keyOf(hash)).toBeNull();
    expect(keyOf('#key=%')).toBe('%');
  });

  test('is not replaced by an empty one', () => {
    const access = new Access(memoryStore({ 'vedette.key': 'old' }));
    access.refuse();
    access.give('  ');
    expect(access.key).toBe('old');
    expect(access.refused).toBe(true);
  });
});

describe('the shade', () => {
  test('is dark, follows the device, and obeys the person above all', () => {
    const store = memoryStore();
    const theme = new Theme(store);
    expect(theme.shade).toBe('dark');
    theme.prefer('light');
    expect(theme.shade).toBe('light');
    theme.choose('contrast');
    theme.prefer('dark');
    expect(theme.shade).toBe('contrast');
    expect(new Theme(store).shade).toBe('contrast');
    theme.choose(null);
    expect(theme.shade).toBe('dark');
    expect(new Theme(store).chosen).toBeNull();
  });
});

describe('a question', () => {
  test('counts as answered with no when another is asked', async () => {
    const question = new Question();
    const asked = { title: '', body: '', yes: 'Remove', no: 'Keep it' };
    const first = question.ask(asked);
    const second = question.ask(asked);
    question.answer(true);
    expect(await first).toBe(false);
    expect(await second).toBe(true);
    expect(question.open).toBeNull();
  });
});
