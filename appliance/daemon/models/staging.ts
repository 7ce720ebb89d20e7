// A folder of its own for each model on its way in: nothing of it is seen before it is whole and known to work.
import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { ModelName } from '../../contract/model-api.ts';

/** What whoever brings a model fills. */
export interface Staging {
  /** Takes the model. */
  readonly modelPath: string;
  /** Takes class names as JSON, where some come along. */
  readonly labelsPath: string;
  /** Holds a name, as soon as it is known. Throws Fault 'model-taken', or 'model-refused' where it does not fit. */
  readonly claim: (name: string) => void;
}

export interface Staged {
  readonly name: string;
  /** `NAME.onnx`, and `NAME.json` beside it or null. */
  readonly path: string;
  readonly labels: string | null;
}

export interface StageOptions {
  /** Of the models; on its file system. */
  readonly folder: string;
  readonly taken: ReadonlySet<string>;
  /** Of all that are under way. */
  readonly claimed: Set<string>;
}

const place = '.incoming';

/** What an earlier daemon left half done. */
export async function cleanStaging(folder: string): Promise<void> {
  await rm(join(folder, place), { recursive: true, force: true });
}

/** Hands what `fill` has brought to `take`; afterwards the folder is gone. */
export async function stage<T>(
  { folder, taken, claimed }: StageOptions,
  fill: (staging: Staging) => Promise<void>,
  take: (staged: Staged) => Promise<T>,
): Promise<T> {
  const own = join(folder, place, randomUUID());
  const [modelPath, labelsPath] = [join(own, 'model.part'), join(own, 'labels.part')];
  const held: string[] = [];
  const claim = (name: string) => {
    if (held.length > 0) throw new Fault('malformed-request', 'The form has more than one model.');
    const fits = ModelName.safeParse(name);
    if (!fits.success) throw new Fault('model-refused', `The model cannot be called "${name}". Rename the file.`);
    if (taken.has(name) || claimed.has(name)) {
      throw new Fault('model-taken', `There is a model ${name} already. Rename the file, or remove that model first.`);
    }
    held.push(name);
    claimed.add(name);
  };
  try {
    await mkdir(own, { recursive: true });
    await fill({ modelPath, labelsPath, claim });
    const [name] = held;
    if (name === undefined) throw new Error('a model was brought that has no name');
    const path = join(own, `${name}.onnx`);
    await rename(modelPath, path);
    const labels = (await exists(labelsPath)) ? join(own, `${name}.json`) : null;
    if (labels !== null) await rename(labelsPath, labels);
    return await take({ name, path, labels });
  } finally {
    for (const name of held) claimed.delete(name);
    await rm(own, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false, // it was not brought
  );
}
