// A worker process whose TensorRT engine takes its time: it is made when the test puts a file there. Speaks the real messages.
import { existsSync, watch, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Provider, Refusal } from '../../../appliance/contract/frame.ts';
import { type FromWorker, ToWorker } from '../../../appliance/contract/ipc.ts';

type Prepare = Extract<ToWorker, { type: 'prepare' }>;

/** Beside the model: what the test puts there, and what is left for the next worker. */
const signs = { go: '.go', engine: '.engine' } as const;
const refusal: Refusal = { provider: 'tensorrt', reason: 'libnvinfer.so.10 is missing', remedy: 'install TensorRT' };

function tell(message: FromWorker, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function ready({ model: { name, path } }: Prepare, provider: Provider, refused: Refusal[] = []): void {
  const sha256 = Buffer.from(path).toString('hex');
  const model = { name, sha256, provider, classes: ['thing'], task: 'detect', input: '', layout: '' };
  tell({ type: 'ready', model: { ...model, inputWidth: 320, inputHeight: 320, stride: 32, threads: 1 }, refused });
}

function prepare(message: Prepare): void {
  const { name, path } = message.model;
  const [first = 'cpu', second = 'cpu'] = message.providers;
  if (first !== 'tensorrt' || existsSync(path + signs.engine)) return ready(message, first);
  if (name === 'refused') return ready(message, second, [refusal]);
  if (name === 'deadly') process.exit(1);
  const watcher = watch(dirname(path), () => look());
  let made = false;
  const look = () => {
    if (made || !existsSync(path + signs.go)) return;
    made = true;
    watcher.close();
    writeFileSync(path + signs.engine, '');
    ready(message, 'tensorrt');
  };
  look();
}

process.on('message', (raw) => {
  const message = ToWorker.parse(raw);
  if (message.type === 'prepare') prepare(message);
  else if (message.type === 'cancel') {
    tell({ type: 'failed', code: 'cancelled', message: 'Cancelled' }, () => process.exit(0));
  }
});
process.on('disconnect', () => process.exit(0));
