// Compiles, once for a whole run, the worker processes that follow a script: each is forked many times, and doing it in every
// one of them is three quarters of what it costs.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of those in `workers/`, compiled. */
    readonly compiledWorkers: string;
  }
}

/** vitest's `globalSetup`: resolves with what undoes it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, '../..');
  // A folder of this run alone, where the packages are found.
  const places = join(root, 'node_modules/.vedette');
  await mkdir(places, { recursive: true });
  const outDir = await mkdtemp(join(places, 'workers-'));
  const input = ['scripted', 'engine-maker'].map((name) => join(root, `test/support/workers/${name}.ts`));
  // Nothing may be left out: one of them fills its memory with what nobody reads.
  const rollupOptions = { input, treeshake: false };
  await build({ configFile: false, root, logLevel: 'error', build: { ssr: true, outDir, rollupOptions } });
  project.provide('compiledWorkers', outDir);
  return () => rm(outDir, { recursive: true });
}
