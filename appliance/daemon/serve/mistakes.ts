// Requests that do not fit their schema: each mistake is told in the manner of pydantic, which the older clients read.
import { z } from 'zod';

export interface Mistake {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

/** Becomes 422 `{"detail":[…]}`. */
export class Unprocessable extends Error {
  override readonly name = 'Unprocessable';
  readonly detail: readonly Mistake[];

  constructor(detail: readonly Mistake[]) {
    super(detail.map((mistake) => `${mistake.loc.join('.')}: ${mistake.msg}`).join('; '));
    this.detail = detail;
  }
}

/** Parses one part of a request, or throws Unprocessable with every mistake in it. */
export function checked<S extends z.ZodType>(schema: S, where: 'path' | 'query' | 'body', input: unknown): z.output<S> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new Unprocessable(result.error.issues.map((issue) => toMistake(issue, where)));
}

export function missing(...loc: string[]): Mistake {
  return { type: 'missing', loc, msg: 'Field required', input: null };
}

/** An integer in a query string. */
export function integer(min: number, max?: number): z.ZodType<number, string> {
  const range = z.number().int().min(min);
  return z
    .string()
    .refine((digits) => /^[+-]?\d{1,15}$/.test(digits), {
      error: 'Input should be a valid integer, unable to parse string as an integer',
      params: { type: 'int_parsing' },
    })
    .transform(Number)
    .pipe(max === undefined ? range : range.max(max));
}

/** A number in a query string. */
export function decimal(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .refine((digits) => /^[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,3})?$/i.test(digits), {
      error: 'Input should be a valid number, unable to parse string as a number',
      params: { type: 'float_parsing' },
    })
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}

/** `where`: the part of the request, and what it is in that. */
export function toMistake(issue: z.core.$ZodIssue, ...where: string[]): Mistake {
  const loc = [...where, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'invalid_type' && issue.input === undefined) return missing(...loc.map(String));
  return { ...describe(issue), loc, input: issue.input };
}

function describe(issue: z.core.$ZodIssue): Pick<Mistake, 'type' | 'msg'> {
  switch (issue.code) {
    case 'too_small':
      return { type: 'greater_than_equal', msg: `Input should be greater than or equal to ${String(issue.minimum)}` };
    case 'too_big':
      return { type: 'less_than_equal', msg: `Input should be less than or equal to ${String(issue.maximum)}` };
    case 'invalid_value':
      return { type: 'enum', msg: `Input should be ${oneOf(issue.values.map(String))}` };
    case 'custom':
      return { type: String(issue.params?.['type'] ?? 'value_error'), msg: issue.message };
    default:
      return { type: issue.code, msg: issue.message };
  }
}

function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
}
