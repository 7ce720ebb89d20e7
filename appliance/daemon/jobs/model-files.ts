// The files that a worker reads of one model, where they lie outside the folders that every worker sees.
import { realpath } from 'node:fs/promises';

/** Weights that lie in a file of their own, class names for a model that does not bring them, and its TensorRT engine. */
const beside = ['.onnx', '.onnx.data', '.json', '.labels.json', '_ctx.onnx', '_ctx.json'] as const;

/** Where they really are; none for ''. `folders` are real paths. */
export async function modelFilesOutside(folders: readonly string[], model: string): Promise<string[]> {
  if (model === '') return [];
  const stem = model.replace(/\.onnx$/, '');
  const found: string[] = [];
  for (const path of new Set([model, ...beside.map((ending) => stem + ending)])) {
    const real = await realpath(path).catch(() => null); // not every model has them all
    if (real !== null && !folders.some((folder) => real.startsWith(`${folder}/`))) found.push(real);
  }
  return found;
}
