import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLiteral, type Literal } from '../../../appliance/worker/infer/literal.ts';

/** As Python's repr() writes a string: double quotes only where the text has a single and no double one. */
function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\x00-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`); // eslint-disable-line no-control-regex -- repr escapes exactly these
  return quote + body + quote;
}

function python(value: Literal): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return pythonString(value);
  if (value instanceof Map) {
    const entries: [Literal, Literal][] = [...(value as ReadonlyMap<Literal, Literal>)];
    return `{${entries.map(([key, item]) => `${python(key)}: ${python(item)}`).join(', ')}}`;
  }
  return `[${(value as readonly Literal[]).map(python).join(', ')}]`;
}

const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
const literal: fc.Arbitrary<Literal> = fc.letrec<{ any: Literal }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('any')),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('any')))
      .map((entries) => new Map<Literal, Literal>(entries)),
  ),
})).any;

describe('the literal reader', () => {
  test('reads back whatever Python writes', () => {
    fc.assert(
      fc.property(literal, (value) => {
        expect(parseLiteral(python(value))).toEqual(value);
      }),
    );
  });

  test('reads names with quotes, escapes and other scripts', () => {
    expect(parseLiteral(`{0: 'person', 2: "rock 'n' roll", 3: 'caf\\u00e9', 4: '日本', }`)).toEqual(
      new Map<Literal, Literal>([
        [0, 'person'],
        [2, "rock 'n' roll"],
        [3, 'café'],
        [4, '日本'],
      ]),
    );
  });

  test('reads tuples, and numbers of every form', () => {
    expect(parseLiteral('(640, -1, 2.5, 1e3, .5, ())')).toEqual([640, -1, 2.5, 1000, 0.5, []]);
  });

  test.each([
    '',
    '{',
    "{0: 'a'",
    "'open",
    '[1,,2]',
    '1 2',
    'print(1)',
    '__import__("os")',
    "{'a'}",
    '{0 1}',
    "'\\x4'",
    'nan',
  ])('refuses %j', (text) => {
    expect(() => parseLiteral(text)).toThrow(SyntaxError);
  });

  test('answers any text with a value or a SyntaxError, whatever its nesting', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('{}[]():,\'"\\ux01e.-TF ')) }),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          parseLiteral(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
    expect(() => parseLiteral('['.repeat(100_000))).toThrow(SyntaxError);
  });
});
