// The real worker in its confinement, with bindings of ONNX Runtime that lie where it may read them only.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { Provider } from '../../appliance/contract/frame.ts';
import { bindingFolders } from '../../appliance/daemon/jobs/binding-folders.ts';
import { isolate } from '../../appliance/daemon/jobs/isolation.ts';
import { WorkerProcess } from '../../appliance/daemon/jobs/worker-process.ts';
import { program } from '../support/program.ts';
import { tempData } from '../support/temp-data.ts';
import { movedBinding, tensorrtBinding } from '../worker/infer/bindings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const demo = join(root, 'models/demo.onnx');
const log = pino({ level: 'silent' });

/** Null where this machine has no bubblewrap: nothing is hidden then. */
async function house(binding: string, tensorrtOptions: Record<string, string> = {}) {
  const data = tempData();
  const [jobs, engines] = [join(data, 'jobs'), join(data, 'engines')];
  mkdirSync(jobs);
  mkdirSync(engines);
  const readable = [engines, ...(await bindingFolders(binding))];
  const models = [join(root, 'models')];
  const { confinement, by } = await isolate({ mode: 'auto', data, jobs, root, models, readable, secrets: [], log });
  if (by !== 'bubblewrap') {
    process.stderr.write(`SKIPPED test/jobs/engine-confined: isolation is by ${by}\n`);
    return null;
  }
  const load = async (providers: Provider[], written: readonly string[] = []) => {
    const worker = new WorkerProcess({
      entry: pathToFileURL(program('worker/main').entry),
      prepare: {
        type: 'prepare',
        model: { name: 'demo', path: demo },
        providers,
        threads: 1,
        runtime: { binding, tensorrtOptions, engines },
      },
      readyMs: 60_000,
      graceMs: 2000,
      confinement,
      written,
      log,
    });
    onTestFinished(() => worker.end());
    return worker.ready;
  };
  return { load, engines };
}

it(
  'loads a binding that the user built from a folder that is hidden otherwise',
  { timeout: 60_000 },
  async (context) => {
    const binding = movedBinding();
    const confined = await house(binding);
    if (confined === null) return context.skip();
    const { model, runtime } = await confined.load(['cpu']);
    expect(model.provider).toBe('cpu');
    expect(runtime?.source).toBe('user-built');
  },
);

it('cannot begin with a binding that is not there', { timeout: 60_000 }, async (context) => {
  const confined = await house('/nowhere/onnxruntime-node');
  if (confined === null) return context.skip();
  await expect(confined.load(['cpu'])).rejects.toMatchObject({ code: 'config-invalid' });
});

it('keeps engines from all workers but the one that builds them', { timeout: 60_000 }, async (context) => {
  const confined = await house(tensorrtBinding({ patched: true }), { trt_fp16_enable: '1' });
  if (confined === null) return context.skip();
  const { load, engines } = confined;
  const before = await load(['tensorrt', 'cpu']);
  expect(before.model.provider).toBe('cpu');
  expect(before.refused).toMatchObject([{ provider: 'tensorrt', remedy: expect.any(String) as string }]);
  expect(readdirSync(engines)).toEqual([]);

  const built = await load(['tensorrt', 'cpu'], [engines]);
  expect(built.model.provider).toBe('tensorrt');
  expect(existsSync(join(engines, built.model.sha256.slice(0, 16), 'cache/made.engine'))).toBe(true);

  const after = await load(['tensorrt', 'cpu']);
  expect(after.model.provider).toBe('tensorrt');
});
