// A model's file on its way into a session.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { withByteInput } from './byte-input.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { declaredInputs } from './onnx.ts';

export interface Weights {
  /** For ONNX Runtime: the rewritten model, or the file where it cannot be rewritten. */
  readonly model: Uint8Array | string;
  /** Null where only the session can say. */
  readonly inputs: Inputs | null;
  /** Of the file, in hex. */
  readonly sha256: string;
  /** Of the file. */
  readonly bytes: number;
}

/** A larger one is left to ONNX Runtime, which maps it: rewriting takes its size in memory twice for a moment. */
const mostInMemory = 512 * 2 ** 20;

/** Throws Error as the file system does, SyntaxError where the file is no ONNX model, Fault model-invalid by its inputs. */
export async function readWeights(path: string): Promise<Weights> {
  const { size: bytes } = await stat(path);
  if (bytes > mostInMemory) return { model: path, inputs: null, sha256: await hashOf(path), bytes };
  const file = await readFile(path);
  const inputs = readInputs(declaredInputs(file));
  const { type, planes } = inputs.picture;
  // One that takes bytes in this order is right as it is.
  const rewritten = type === 'uint8' && planes === 'first' ? null : withByteInput(file, inputs.picture);
  const sha256 = createHash('sha256').update(file).digest('hex');
  return { model: rewritten ?? path, inputs, sha256, bytes };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
