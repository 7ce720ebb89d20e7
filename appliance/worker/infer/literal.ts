// Reads Python literals as `str()` writes them: dicts, lists, tuples, strings, numbers, True, False, None. Never evaluates.

export type Literal = string | number | boolean | null | readonly Literal[] | ReadonlyMap<Literal, Literal>;

/** Nesting that no honest metadata reaches; a bound on the stack. */
const deepest = 32;

/** Throws SyntaxError for anything that is not one whole literal. */
export function parseLiteral(text: string): Literal {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const words: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Literal {
    if (depth > deepest) throw this.#wrong('nested too deep');
    this.#skipSpace();
    const next = this.#text[this.#at];
    if (next === '{') return this.#dict(depth);
    if (next === '[') return this.#list('[', ']', depth);
    if (next === '(') return this.#list('(', ')', depth);
    if (next === "'" || next === '"') return this.#string(next);
    return this.#wordOrNumber();
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#wrong('more than one literal');
  }

  #dict(depth: number): Literal {
    const entries = new Map<Literal, Literal>();
    this.#take('{');
    while (!this.#takeIf('}')) {
      const key = this.value(depth + 1);
      this.#take(':');
      entries.set(key, this.value(depth + 1));
      if (!this.#takeIf(',')) {
        this.#take('}');
        break;
      }
    }
    return entries;
  }

  #list(open: string, close: string, depth: number): Literal {
    const items: Literal[] = [];
    this.#take(open);
    while (!this.#takeIf(close)) {
      items.push(this.value(depth + 1));
      if (!this.#takeIf(',')) {
        this.#take(close);
        break;
      }
    }
    return items;
  }

  #string(quote: string): string {
    this.#at++;
    let value = '';
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) throw this.#wrong('string without end');
      if (char === quote) return value;
      value += char === '\\' ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? '';
    const plain = escapes[char];
    if (plain !== undefined) return plain;
    const digits = hexDigits[char];
    if (digits === undefined) return `\\${char}`;
    const hex = this.#text.slice(this.#at, this.#at + digits);
    const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? parseInt(hex, 16) : Infinity;
    if (code > 0x10ffff) throw this.#wrong('bad escape');
    this.#at += digits;
    return String.fromCodePoint(code);
  }

  #wordOrNumber(): Literal {
    const token = /[A-Za-z0-9_.+-]*/y;
    token.lastIndex = this.#at;
    const text = token.exec(this.#text)?.[0] ?? '';
    const word = words.get(text);
    if (word === undefined && !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw this.#wrong('no literal');
    this.#at += text.length;
    return word === undefined ? Number(text) : word;
  }

  #take(char: string): void {
    if (!this.#takeIf(char)) throw this.#wrong(`${char} expected`);
  }

  #takeIf(char: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #wrong(what: string): SyntaxError {
    return new SyntaxError(`${what} at ${this.#at}`);
  }
}
