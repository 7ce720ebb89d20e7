// One video from an import folder to its job: read in pieces, checked and written like an upload.
import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import { moveDurably } from '../serve/durable-move.ts';
import { shownName } from '../serve/file-name.ts';
import { IncomingFile, type Space } from '../serve/incoming-file.ts';
import { openPlace } from './place.ts';

export interface CopyOptions {
  /** Takes files that are still coming. On the file system of `jobsDir`. */
  readonly uploadsDir: string;
  /** Holds a folder for each job. */
  readonly jobsDir: string;
  readonly maxBytes: number;
  readonly space: Space;
}

/** Of a video that lies in its job's folder. */
export interface Arrived {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** By magic bytes. */
  readonly type: string;
}

export interface CopyWork {
  readonly root: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly onPiece: (copied: number) => void;
  /** Makes a job of it; where it rejects, nothing stays behind. */
  readonly take: (arrived: Arrived) => Promise<void>;
}

const pieceBytes = 1024 * 1024;

/**
 * Throws Fault 'import-not-found' where the file is not there or cannot be read to its end, and what IncomingFile and
 * `take` throw; where `signal` is aborted, its reason.
 */
export async function copyIn({ root, path, signal, onPiece, take }: CopyWork, options: CopyOptions): Promise<void> {
  const { uploadsDir, jobsDir } = options;
  const id = randomUUID();
  const [part, folder] = [join(uploadsDir, `${id}.part`), join(jobsDir, id)];
  const incoming = new IncomingFile(part, options);
  const { file, bytes } = await openPlace(root, path);
  try {
    await incoming.open(bytes);
    await incoming.take(piecesOf(file, bytes, { signal, onPiece }));
    await incoming.finish();
    signal.throwIfAborted();
    // A row must never know of a file that a loss of power takes back.
    await moveDurably(part, join(folder, jobFiles.input));
    await take({ id, name: shownName(basename(path)), bytes: incoming.bytes, type: incoming.type });
  } catch (error) {
    await incoming.close();
    await rm(part, { force: true });
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function* piecesOf(
  file: FileHandle,
  bytes: number,
  { signal, onPiece }: Pick<CopyWork, 'signal' | 'onPiece'>,
): AsyncGenerator<Buffer, void, undefined> {
  let copied = 0;
  for (;;) {
    signal.throwIfAborted();
    const piece = Buffer.allocUnsafe(pieceBytes);
    const { bytesRead } = await file.read(piece, 0, pieceBytes, copied).catch((cause: unknown) => {
      throw new Fault('import-not-found', unreadable(codeOf(cause)), { cause });
    });
    if (bytesRead === 0) break;
    copied += bytesRead;
    yield piece.subarray(0, bytesRead);
    onPiece(copied);
    await setImmediate(); // requests and jobs have their turn between two pieces
  }
  if (copied < bytes) throw new Fault('import-not-found', 'The file became shorter while it was copied.');
}

function unreadable(code: string): string {
  return `The file cannot be read to its end (${code}): was the stick pulled out? Put it in again and repeat.`;
}
