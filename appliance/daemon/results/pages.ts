// Pages of frames, with an index for each of the files that were lately asked for.
import { LineIndex } from './line-index.ts';
import { asElements, lineBatches } from './lines.ts';
import type { Pieces } from './pieces.ts';

const keptIndexes = 32;

export class Pages {
  /** By path; the one asked for last stands last. */
  readonly #indexes = new Map<string, LineIndex>();

  async *pieces(path: string, query: { offset: number; limit: number; signal?: AbortSignal | undefined }): Pieces {
    const { offset, limit, signal } = query;
    const index = this.#indexOf(path);
    const total = await index.count(signal);
    const range = await index.range(offset, limit);
    yield `{"offset":${offset},"limit":${limit},"total":${total},"frames":[`;
    yield* asElements(lineBatches(path, { range, signal }));
    yield ']}';
  }

  #indexOf(path: string): LineIndex {
    const index = this.#indexes.get(path) ?? new LineIndex(path);
    this.#indexes.delete(path);
    this.#indexes.set(path, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > keptIndexes && oldest !== undefined) this.#indexes.delete(oldest);
    return index;
  }
}
