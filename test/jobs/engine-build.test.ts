import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { Provider } from '../../appliance/contract/frame.ts';
import { EngineBuild, withoutTensorrt } from '../../appliance/daemon/jobs/engine-build.ts';
import { WorkerSupply } from '../../appliance/daemon/jobs/worker-supply.ts';
import { compiledWorker } from '../support/compiled-worker.ts';
import { tempData } from '../support/temp-data.ts';

const ladder: readonly Provider[] = ['tensorrt', 'cuda', 'cpu'];

async function open(name: string) {
  const folder = tempData();
  const lines: string[] = [];
  const log = pino({ level: 'info' }, new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) }));
  const modelOf = (model: string) => ({ name: model, path: join(folder, `${model}.onnx`) });
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const check of waiting) check();
  };
  /** Resolves as soon as the condition holds. */
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const worker = {
    entry: compiledWorker('engine-maker'),
    readyMs: 20_000,
    graceMs: 500,
  };
  const workers: WorkerSupply = new WorkerSupply({
    ...worker,
    prepare: { type: 'prepare', model: modelOf(name), providers: withoutTensorrt(ladder), threads: 1 },
    onChange: () => {
      engine.follow();
      changed();
    },
    log,
  });
  const engine = new EngineBuild({ worker, workers, ladder, onChange: changed, log });
  onTestFinished(async () => {
    await engine.close();
    await workers.close();
  });
  await workers.open();
  const told = (text: string) => lines.filter((line) => line.includes(`"msg":"${text}"`)).length;
  const finish = (model: string) => writeFileSync(modelOf(model).path + '.go', '');
  const use = (model: string) =>
    workers.change({ ...workers.prepare, model: modelOf(model), providers: withoutTensorrt(ladder) });
  return { workers, engine, until, told, finish, use };
}

it('lets jobs start on the rest of the ladder while an engine is built, and on TensorRT when it is', async () => {
  const { workers, engine, until, told, finish } = await open('line');
  await until(() => engine.building !== null);
  expect(engine.building?.since).toBeGreaterThan(Date.now() - 60_000);
  const meanwhile = await workers.take(new AbortController().signal);
  expect(meanwhile.model.provider).toBe('cuda');
  finish('line');
  await until(() => workers.card?.provider === 'tensorrt');
  await until(() => engine.building === null);
  expect(workers.prepare.providers).toEqual(ladder);
  const next = await workers.take(new AbortController().signal);
  expect(next.model.provider).toBe('tensorrt');
  expect(told('engine build began')).toBe(1);
});

it('says once why there is no engine, and does not try that model again', async () => {
  const { workers, engine, until, told, use } = await open('refused');
  await until(() => engine.refusal !== null);
  expect(engine.refusal).toMatchObject({ reason: 'libnvinfer.so.10 is missing', remedy: 'install TensorRT' });
  workers.refill();
  engine.follow();
  expect(engine.building).toBeNull();
  expect(told('engine cannot be built')).toBe(1);
  expect(workers.card?.provider).toBe('cuda');
  await use('line');
  await until(() => engine.building !== null);
  expect(engine.refusal).toBeNull();
});

it('survives a build that takes its worker down', async () => {
  const { workers, engine, until } = await open('deadly');
  await until(() => engine.refusal !== null);
  expect(engine.refusal?.reason).toContain('exit code 1');
  expect(workers.fault).toBeNull();
});

it('leaves the build of a model that is no longer used, and begins that of the new one', async () => {
  const { workers, engine, until, told, finish, use } = await open('line');
  await until(() => engine.building !== null);
  await use('other');
  await until(() => told('engine build began') === 2);
  finish('other');
  await until(() => workers.card?.provider === 'tensorrt');
  expect(workers.prepare.model.name).toBe('other');
  expect(told('engine is built')).toBe(1);
});

it('ends the build when the appliance ends', async () => {
  const { engine, until } = await open('line');
  await until(() => engine.building !== null);
  await engine.close();
  engine.follow();
  expect(engine.refusal).toBeNull();
});

it('leaves a ladder of TensorRT alone as it is', () => {
  expect(withoutTensorrt(['tensorrt'])).toEqual(['tensorrt']);
});

it('tells of a provider that does not run once, however many workers find it so', async () => {
  const { workers, engine, told } = await open('refused');
  await engine.close();
  await workers.change({ ...workers.prepare, providers: [...ladder] });
  const { signal } = new AbortController();
  await workers.take(signal);
  await workers.take(signal);
  expect(workers.refused).toMatchObject([{ provider: 'tensorrt', remedy: 'install TensorRT' }]);
  expect(told('provider refused')).toBe(1);
});
