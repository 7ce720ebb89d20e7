// One loaded network: its card, and the detectors that are made from it.
import { availableParallelism } from 'node:os';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard, Provider, Refusal } from '../../contract/frame.ts';
import { Detector, type DetectorOptions } from './detector.ts';
import type { Head, Outputs } from './heads/head.ts';
import { recogniseHead } from './heads/recognise.ts';
import { readMachine } from './machine.ts';
import { readMetadata, type ModelMetadata } from './metadata.ts';
import { readInputs } from './inputs.ts';
import { Network } from './network.ts';
import { climb } from './provider.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import { planTensorrt, type TensorrtWish } from './tensorrt.ts';
import { chooseThreads } from './threads.ts';
import { readWeights, type Weights } from './weights.ts';

/** Of an input whose size the metadata leaves out: the usual one. */
const unknownSide = 640;
const usualStride = 32;

export interface ModelOptions {
  readonly name: string;
  readonly path: string;
  readonly providers: readonly Provider[];
  /** Of one inference; null: chosen by the size of the model. */
  readonly threads: number | null;
  /** The bundled one without. */
  readonly runtime?: Runtime;
  /** What TensorRT is given; without, only an engine beside the model. */
  readonly tensorrt?: TensorrtWish['settings'];
}

export class Model {
  readonly card: ModelCard;
  readonly refused: readonly Refusal[];
  readonly #network: Network;
  readonly #head: Head;

  private constructor(card: ModelCard, refused: readonly Refusal[], network: Network, head: Head) {
    this.card = card;
    this.refused = refused;
    this.#network = network;
    this.#head = head;
  }

  /** Loads and warms up. Throws Fault model-missing, model-invalid or provider-unavailable. */
  static async load({ name, path, providers, ...options }: ModelOptions): Promise<Model> {
    const { weights, metadata } = await readModel(name, path);
    const [height = unknownSide, width = unknownSide] = metadata.imageSize ?? [];
    const size = { bytes: weights.bytes, pixels: width * height };
    const threads = options.threads ?? chooseThreads(size, availableParallelism());
    const runtime = options.runtime ?? loadRuntime(null);
    const loaded: { network?: Network; outputs?: Outputs } = {};
    const { provider, refused } = await climb({
      runtime,
      model: () => weights.model,
      providers,
      threads,
      tensorrt: async () => {
        const settings = options.tensorrt ?? { tensorrtOptions: {}, engines: null };
        const model = { path, sha256: weights.sha256 };
        return planTensorrt({ runtime, settings, model, machine: await readMachine() });
      },
      warmUp: async (session) => {
        const inputs = weights.inputs ?? readInputs(session.inputs);
        const network = await Network.open({ session, inputs, usual: { width, height } });
        loaded.outputs = await network.run();
        loaded.network = network;
      },
    });
    const { network, outputs } = loaded;
    if (!network || !outputs) throw new Error('a session was taken without its warm-up');
    const head = recogniseHead({ outputs, metadata, input: network.size });
    await network.fitTo(head);
    const card: ModelCard = {
      name,
      sha256: weights.sha256,
      provider,
      input: network.input,
      layout: head.layout,
      classes: Array.from({ length: head.classes }, (_, id) => metadata.names?.get(id) ?? `class ${id}`),
      inputWidth: network.size.width,
      inputHeight: network.size.height,
      stride: metadata.stride ?? usualStride,
      threads,
      task: metadata.task ?? 'detect',
    };
    return new Model(card, refused, network, head);
  }

  /** For one source. The model's input and output are one piece of memory: use one detector at a time. */
  detector(options: DetectorOptions): Promise<Detector> {
    return Detector.open({ network: this.#network, head: this.#head, card: this.card }, options);
  }

  /** So many inferences on whatever its input holds, and nothing besides: what a job's frames are measured against. */
  async runBare(times: number): Promise<void> {
    await this.#network.run(times);
  }
}

async function readModel(name: string, path: string): Promise<{ weights: Weights; metadata: ModelMetadata }> {
  try {
    return { weights: await readWeights(path), metadata: await readMetadata(path) };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if (cause instanceof SyntaxError) {
      throw new Fault('model-invalid', `The model "${name}" is not a readable ONNX file: ${cause.message}.`, { cause });
    }
    const message = `The model "${name}" is not there. Put ${name}.onnx into the models folder.`;
    throw new Fault('model-missing', message, { cause });
  }
}
