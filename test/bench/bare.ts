// The bare loop that a job is held against: session.run on one fixed input, in a process of its own. Prints frames a second.
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { values } = parseArgs({
  options: { model: { type: 'string' }, threads: { type: 'string' }, frames: { type: 'string' } },
});
const session = await InferenceSession.create(values.model ?? '', {
  intraOpNumThreads: Number(values.threads),
  // The same as the worker: see infer/network.ts.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const [meta] = session.inputMetadata;
if (!meta?.isTensor) throw new Error('the model has no tensor input');
const shape = meta.shape.map(Number);
const input = new Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)).fill(0.4), shape);
const feeds = { [meta.name]: input };
for (let i = 0; i < 5; i++) await session.run(feeds);
const frames = Number(values.frames);
const started = performance.now();
for (let i = 0; i < frames; i++) await session.run(feeds);
process.stdout.write(String((frames * 1000) / (performance.now() - started)));
