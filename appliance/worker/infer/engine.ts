// TensorRT engines that were made ahead, as EP-context models: which one fits this model on this machine.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { z } from 'zod';
import type { Machine } from './machine.ts';

/** What an engine beside its model was made for, in a JSON file of the same name. */
const MadeFor = z.object({ model_sha256: z.string(), gpu: z.string(), tensorrt: z.string() });
type MadeFor = z.infer<typeof MadeFor>;

export interface EngineWish {
  readonly model: { readonly path: string; readonly sha256: string };
  /** `<folder>/<sha256, 16 digits>/<gpu>-<tensorrt>/<model>_ctx.onnx`; null: only beside the model. */
  readonly folder: string | null;
  readonly machine: Machine;
}

export type EngineFound = { readonly path: string } | { readonly path: null; readonly reason: string };

/** Where an engine of this model for this machine belongs, seen from the folder of engines; null: the machine has no GPU or no TensorRT. */
export function enginePlace(sha256: string, { gpu, tensorrt }: Machine): string | null {
  if (gpu === null || tensorrt === null) return null;
  return join(sha256.slice(0, 16), `${slug(gpu)}-${tensorrt}`);
}

/**
 * An engine runs on the kind of GPU and with the version of TensorRT that it was made for, and answers for the weights
 * that it was made of. Never throws for what it finds; `reason` says why nothing fits.
 */
export async function findEngine({ model, folder, machine }: EngineWish): Promise<EngineFound> {
  const name = `${parse(model.path).name}_ctx.onnx`;
  const place = enginePlace(model.sha256, machine);
  if (place === null) return { path: null, reason: nothingToFit(machine) };
  if (folder !== null && (await holds(join(folder, place), name))) return { path: join(folder, place, name) };

  const beside = dirname(model.path);
  if (await holds(beside, name)) {
    const label = join(beside, `${parse(name).name}.json`);
    const misfit = await misfitOf(label, model.sha256, machine);
    return misfit === null ? { path: join(beside, name) } : { path: null, reason: `${name} ${misfit}` };
  }
  const others = folder === null ? [] : await list(join(folder, dirname(place)));
  const made = others.length > 0 ? `; there are engines for ${others.slice(0, 4).join(', ')}` : '';
  const here = `${machine.gpu ?? ''} with TensorRT ${machine.tensorrt ?? ''}`;
  return { path: null, reason: `no engine was made ahead for this model on ${here}${made}` };
}

/** Null where it fits. */
async function misfitOf(label: string, sha256: string, machine: Machine): Promise<string | null> {
  let made: MadeFor;
  try {
    made = MadeFor.parse(JSON.parse(await readFile(label, 'utf8')));
  } catch {
    // Missing, cut off or incomplete: in each case nobody can say what the engine was made for.
    return `does not say what it was made for: ${parse(label).base} with model_sha256, gpu and tensorrt is missing or unreadable`;
  }
  if (made.model_sha256 !== sha256) return 'was made of other weights than the model has now';
  if (made.gpu !== machine.gpu) return `was made for ${made.gpu}, and this is ${machine.gpu ?? 'no GPU'}`;
  if (threeParts(made.tensorrt) !== machine.tensorrt) {
    return `was made with TensorRT ${made.tensorrt}, and ${machine.tensorrt ?? 'none'} is installed`;
  }
  return null;
}

function nothingToFit({ gpu, tensorrt }: Machine): string {
  const lacking = [...(gpu === null ? ['NVIDIA GPU'] : []), ...(tensorrt === null ? ['TensorRT'] : [])];
  return `no ${lacking.join(' and no ')} was found on this machine`;
}

async function holds(folder: string, name: string): Promise<boolean> {
  return (await list(folder)).includes(name);
}

/** Empty where there is no such folder. */
function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** `NVIDIA GeForce RTX 3060` as `nvidia-geforce-rtx-3060`. */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Of `10.3.0.30`, what the name of the library says. */
function threeParts(version: string): string {
  return version.split('.').slice(0, 3).join('.');
}
