// What a job has made, as files on their way out: those that lie in its folder, and its result as REST exports it.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import { clipFiles, productFiles, type Products } from '../../contract/products.ts';
import type { Outgoing } from './target.ts';

/** Pieces of one JSON document: the same ones each time. */
export type ResultPieces = (signal: AbortSignal) => AsyncIterable<Uint8Array | string>;

const resultName = 'result.json';

const types: Readonly<Record<string, string>> = {
  '.ndjson': 'application/x-ndjson',
  '.json': 'application/json',
  '.mp4': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.jpg': 'image/jpeg',
};

/** Throws Fault 'artifact-failed' where one is gone. */
export async function outgoingFiles(
  folder: string,
  products: Products,
  result: ResultPieces,
  signal: AbortSignal,
): Promise<Outgoing[]> {
  const names = [jobFiles.summary, jobFiles.frames, ...namesOf(products)];
  const files: Outgoing[] = [];
  for (const name of names) files.push(await fileOf(join(folder, name), name));
  return [...files.slice(0, 2), await resultOf(result, signal), ...files.slice(2)];
}

function namesOf({ annotated_bytes, clips }: Products): string[] {
  const ofClips = clips.flatMap((clip) => {
    const { video, poster, notes } = clipFiles(clip);
    return [video, notes, ...(clip.poster ? [poster] : [])];
  });
  return [...(annotated_bytes === null ? [] : [productFiles.annotated]), ...ofClips];
}

async function fileOf(path: string, name: string): Promise<Outgoing> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new Fault('artifact-failed', `${name} is no longer on the disk.`, { cause });
  });
  // No more than was there: its length is announced.
  const open = () => (size === 0 ? Readable.from([]) : createReadStream(path, { end: size - 1 }));
  return { name, bytes: size, type: typeOf(name), open };
}

/** Made twice, once for its length alone: it need not lie on the disk. */
async function resultOf(result: ResultPieces, signal: AbortSignal): Promise<Outgoing> {
  let bytes = 0;
  for await (const piece of result(signal)) bytes += Buffer.byteLength(piece);
  return {
    name: resultName,
    bytes,
    type: typeOf(resultName),
    open: (stop) => Readable.from(result(stop), { objectMode: false }),
  };
}

function typeOf(name: string): string {
  return types[extname(name)] ?? 'application/octet-stream';
}
