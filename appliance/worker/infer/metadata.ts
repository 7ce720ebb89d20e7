// What is known of a model besides its network: ONNX Runtime does not tell a file's metadata to JavaScript, so it is read
// here, and with it what a JSON file beside the model says.
import { type Labels, longestName, mostClasses, nothingSaid, type Overrides, readLabels } from './labels.ts';
import { type Literal, parseLiteral } from './literal.ts';
import { readProperties } from './properties.ts';

export interface ModelMetadata {
  /** Class names by class id, with gaps where ids have none; null where nothing names any. */
  readonly names: ReadonlyMap<number, string> | null;
  /** Height and width. */
  readonly imageSize: readonly [number, number] | null;
  readonly stride: number | null;
  readonly task: string | null;
  /** Whether suppression is part of the network; null where the file does not say. */
  readonly endToEnd: boolean | null;
  /** Ultralytics' name of the network's last layer, such as `Detect` or `RTDETRDecoder`. */
  readonly head: string | null;
  readonly overrides: Overrides;
}

/**
 * What the file beside the model says stands above what the model says. Throws SyntaxError where the model is no protobuf
 * message, or a literal in it is malformed; Fault model-invalid where the file beside it cannot be understood.
 */
export async function readMetadata(path: string): Promise<ModelMetadata> {
  const properties = await readProperties(path);
  return understand(properties, await readLabels(path));
}

export function understand(properties: ReadonlyMap<string, string>, labels: Labels = nothingSaid): ModelMetadata {
  const literal = (key: string): Literal => readLiteral(key, properties.get(key));
  const stride = Number(properties.get('stride'));
  return {
    names: labels.names ?? readNames(literal('names')),
    imageSize: labels.imageSize ?? readSize(literal('imgsz')),
    stride: labels.stride ?? (isSide(stride) ? stride : null),
    task: properties.get('task') ?? null,
    endToEnd: readEndToEnd(properties.get('end2end'), literal('args')),
    head: properties.get('head') ?? null,
    overrides: labels.overrides,
  };
}

function readLiteral(key: string, text: string | undefined): Literal {
  if (text === undefined) return null;
  try {
    return parseLiteral(text);
  } catch (cause) {
    throw new SyntaxError(`its metadata "${key}" is no Python literal`, { cause });
  }
}

/** Ultralytics writes both since 2025; `nms` says that the exporter put suppression behind any network. */
function readEndToEnd(endToEnd: string | undefined, exported: Literal): boolean | null {
  const nms = isDict(exported) ? exported.get('nms') : undefined;
  if (endToEnd === 'True' || nms === true) return true;
  return endToEnd === 'False' ? false : null;
}

/** A dict or a list; ids may be texts, as JSON has them, and names numbers, which Ultralytics takes for texts too. */
function readNames(names: Literal): ReadonlyMap<number, string> | null {
  const entries: readonly (readonly [Literal, Literal])[] = isDict(names) ? [...names] : [...items(names).entries()];
  if (entries.length === 0) return null;
  return new Map(entries.map(([id, name]) => [readClassId(id), readName(name)]));
}

function readClassId(id: Literal): number {
  const number = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : id;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number >= mostClasses) {
    throw new SyntaxError(`its metadata "names" has a class id that is no whole number below ${mostClasses}`);
  }
  return number;
}

function readName(name: Literal): string {
  if (typeof name === 'string' && name.length <= longestName) return name;
  if (typeof name === 'number' || typeof name === 'boolean') return String(name);
  throw new SyntaxError(`its metadata "names" has a name that is no text of at most ${longestName} characters`);
}

function readSize(size: Literal): readonly [number, number] | null {
  const [height, width] = typeof size === 'number' ? [size, size] : items(size);
  return isSide(height) && isSide(width) ? [height, width] : null;
}

function isSide(value: Literal | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function isDict(literal: Literal): literal is ReadonlyMap<Literal, Literal> {
  return literal instanceof Map;
}

function items(literal: Literal): readonly Literal[] {
  return Array.isArray(literal) ? (literal as readonly Literal[]) : [];
}
