// Three frames in one inference against three inferences, on a network of open batch size.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { answerOrders } from '../answering.ts';

export interface Order {
  /** An ONNX file. */
  readonly model: string;
  readonly threads: number;
  readonly rounds: number;
}

const frames = 3;

/** Time of three single runs ÷ time of one batch, round by round. */
async function batch({ model, threads, rounds }: Order): Promise<number[]> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // As the worker has it: see infer/provider.ts.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [meta] = session.inputMetadata;
  if (!meta?.isTensor) throw new Error('the model has no tensor input');
  const [, ...shape] = meta.shape.map(Number);
  const size = shape.reduce((a, b) => a * b);
  const feed = (count: number) => ({
    [meta.name]: new Tensor('float32', new Float32Array(count * size).fill(0.4), [count, ...shape]),
  });
  const feeds = { single: feed(1), batch: feed(frames) };
  const timed = async (run: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await run();
    return performance.now() - started;
  };
  const measure = {
    single: () =>
      timed(async () => {
        for (let at = 0; at < frames; at++) await session.run(feeds.single);
      }),
    batch: () => timed(() => session.run(feeds.batch)),
  };
  for (const warmUp of [measure.single, measure.batch]) await warmUp();
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await measure.single();
    const together = await measure.batch();
    ratios.push((before + (await measure.single())) / 2 / together);
  }
  return ratios;
}

answerOrders(batch);
