// Finds the routes of a path. Exact paths first, then patterns in the order in which they were added.
import { Recent } from './recent.ts';

interface Found<M, T> {
  readonly methods: ReadonlyMap<M, T>;
  /** The same object again for a path that was asked for lately: what is made of it can be kept by it. */
  readonly params: Readonly<Record<string, string>>;
}

/** Paths whose patterns are remembered. */
const remembered = 500;

export class Router<M extends string, T> {
  readonly #exact = new Map<string, { readonly methods: Map<M, T>; readonly params: Record<string, string> }>();
  readonly #patterns = new Map<string, { readonly segments: readonly string[]; readonly methods: Map<M, T> }>();
  readonly #recent = new Recent<Found<M, T>>(remembered);

  add(method: M, path: string, value: T): void {
    const methods = this.#methodsOf(path);
    if (methods.has(method)) throw new Error(`two routes for ${method} ${path}`);
    methods.set(method, value);
  }

  find(path: string): Found<M, T> | undefined {
    const known = this.#exact.get(path) ?? this.#recent.get(path);
    if (known) return known;
    const asked = path.split('/');
    for (const { segments, methods } of this.#patterns.values()) {
      const params = match(segments, asked);
      if (!params) continue;
      const found = { methods, params };
      this.#recent.set(path, found);
      return found;
    }
    return undefined;
  }

  #methodsOf(path: string): Map<M, T> {
    const known = (this.#exact.get(path) ?? this.#patterns.get(path))?.methods;
    if (known) return known;
    const methods = new Map<M, T>();
    if (path.includes('{')) this.#patterns.set(path, { segments: path.split('/'), methods });
    else this.#exact.set(path, { methods, params: {} });
    return methods;
  }
}

function match(segments: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== asked.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const given = asked[at] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== given) return undefined;
    } else {
      if (given === '') return undefined;
      params[segment.slice(1, -1)] = decodeSegment(given);
    }
  }
  return params;
}

/** One segment of a path, without its percent-encoding. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not percent-encoding: the text stands for itself, and fits no schema or no known name.
    return segment;
  }
}
