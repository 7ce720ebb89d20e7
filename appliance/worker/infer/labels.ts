// A JSON file beside a model: its class names, and whatever else its maker did not write into it.
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { headNames } from './heads/names.ts';

/** What a person says of a model, before anything else is believed; null where nothing is said. */
export interface Overrides {
  readonly head: (typeof headNames)[number] | null;
  readonly framing: 'centred' | 'cornered' | 'stretched' | null;
  readonly colours: 'rgb' | 'bgr' | null;
  /** What a byte of a colour is multiplied by. */
  readonly scale: number | null;
  /** Of YOLOX: whether its boxes are decoded in the graph. */
  readonly decoded: boolean | null;
}

export interface Labels {
  readonly names: ReadonlyMap<number, string> | null;
  /** Height and width. */
  readonly imageSize: readonly [number, number] | null;
  readonly stride: number | null;
  readonly overrides: Overrides;
}

export const nothingSaid: Labels = {
  names: null,
  imageSize: null,
  stride: null,
  overrides: { head: null, framing: null, colours: null, scale: null, decoded: null },
};

/** Far above any network; a bound on what a file can make of a model's card. */
export const mostClasses = 100_000;
export const longestName = 200;
const mostBytes = 2 ** 20;

const ClassName = z.string().min(1).max(longestName);
const Names = z.union([
  z
    .array(ClassName)
    .min(1)
    .max(mostClasses)
    .transform((names) => new Map(names.entries())),
  z
    .record(z.string().regex(/^\d{1,5}$/, 'a class id is a whole number below 100000'), ClassName)
    .transform((names) => new Map(Object.entries(names).map(([id, name]) => [Number(id), name])))
    .refine((names) => names.size > 0, 'no names'),
]);
const side = z.number().int().min(1).max(16_384);
const Description = z.strictObject({
  names: Names.optional(),
  head: z.enum(headNames).optional(),
  framing: z.enum(['centred', 'cornered', 'stretched']).optional(),
  colours: z.enum(['rgb', 'bgr']).optional(),
  scale: z.number().positive().max(1).optional(),
  decoded: z.boolean().optional(),
  /** One side of a square, or height and width. */
  imgsz: z.union([side.transform((both) => [both, both] as const), z.tuple([side, side])]).optional(),
  stride: side.optional(),
});

/**
 * `<model>.labels.json`, or else `<model>.json`: a list of names, an object of them by class id, or an object with `names`
 * and what else is to be said. Throws Fault model-invalid for one that is there and is none of these.
 */
export async function readLabels(modelPath: string): Promise<Labels> {
  const stem = modelPath.replace(/\.onnx$/i, '');
  for (const ending of ['.labels.json', '.json']) {
    const text = await readText(stem + ending);
    if (text !== null) return understandLabels(text, stem + ending);
  }
  return nothingSaid;
}

function understandLabels(text: string, path: string): Labels {
  const said = parse(text, path);
  const bare = Array.isArray(said) || (typeof said === 'object' && said !== null && Object.keys(said).every(isClassId));
  const read = Description.safeParse(bare ? { names: said } : said);
  if (!read.success) {
    const wrong = read.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`);
    throw unusable(path, wrong.join('; '));
  }
  const { names = null, imgsz = null, stride = null, ...overrides } = read.data;
  return {
    names,
    imageSize: imgsz,
    stride,
    overrides: { ...nothingSaid.overrides, ...withoutGaps(overrides) },
  };
}

function isClassId(key: string): boolean {
  return /^\d+$/.test(key);
}

function withoutGaps(said: Partial<Record<keyof Overrides, unknown>>): Partial<Overrides> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(path, 'it is no JSON', cause);
  }
}

/** Null where there is no such file. */
async function readText(path: string): Promise<string | null> {
  const file = await open(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw unusable(path, 'it cannot be read', error);
  });
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > mostBytes) throw unusable(path, `it is larger than ${mostBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function unusable(path: string, why: string, cause?: unknown): Fault {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return new Fault('model-invalid', `The model cannot be used: the file ${name} beside it cannot: ${why}.`, { cause });
}
