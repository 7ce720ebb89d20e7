// One loaded network: its card, and the detectors that are made from it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard, Provider } from '../../contract/frame.ts';
import { Detector, type DetectorOptions } from './detector.ts';
import type { Head } from './heads/head.ts';
import { recogniseHead } from './heads/recognise.ts';
import { readMetadata, type ModelMetadata } from './metadata.ts';
import { Network, type InputType } from './network.ts';
import { climb, type Refusal } from './provider.ts';
import { chooseThreads } from './threads.ts';

/** Of an input whose size the metadata leaves out: the usual one. */
const unknownSide = 640;

export interface ModelOptions {
  readonly name: string;
  readonly path: string;
  readonly providers: readonly Provider[];
  /** Of one inference; null: chosen by the size of the model. */
  readonly threads: number | null;
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
    const { size: bytes } = await stat(path).catch((cause: unknown) => {
      throw new Fault('model-missing', `The model "${name}" is not there. Put ${name}.onnx into the models folder.`, {
        cause,
      });
    });
    const metadata = await readMetadata(path).catch((cause: unknown) => {
      throw new Fault('model-invalid', `The model "${name}" is not a readable ONNX file.`, { cause });
    });
    const [height = unknownSide, width = unknownSide] = metadata.imageSize ?? [];
    const threads = options.threads ?? chooseThreads({ bytes, pixels: width * height }, availableParallelism());
    const loading = { network: null as Network | null, session: null as InferenceSession | null };
    const { provider, refused } = await climb({
      path,
      providers,
      threads,
      warmUp: async (session) => {
        const network = new Network(session, inputOf(session, metadata));
        await network.warmUp();
        loading.network = network;
        loading.session = session;
      },
    });
    const network = loading.network;
    if (network === null) throw new Error('a session was taken without its warm-up');
    const head = recogniseHead({ outputs: network.outputs, metadata, input: network });
    const card: ModelCard = {
      name,
      sha256: await sha256(path),
      provider,
      input: describeInput(loading.session),
      layout: head.layout,
      classes: Array.from({ length: head.classes }, (_, id) => metadata.names?.get(id) ?? `class ${id}`),
      inputWidth: network.width,
      inputHeight: network.height,
      stride: metadata.stride ?? 32,
      threads,
      task: metadata.task ?? 'detect',
    };
    return new Model(card, refused, network, head);
  }

  /** For one source. The model's input and output are one piece of memory: use one detector at a time. */
  detector(options: DetectorOptions): Detector {
    return new Detector(this.#network, this.#head, this.card.classes, options);
  }
}

/** The one input, `[1, 3, height, width]`; dimensions that the network leaves open are taken from the metadata. */
function inputOf(
  session: InferenceSession,
  metadata: ModelMetadata,
): { type: InputType; height: number; width: number } {
  const [input, ...others] = session.inputMetadata;
  const shape = input?.isTensor === true ? input.shape : [];
  const seen = `its input is ${input?.isTensor === true ? input.type : 'no tensor'} [${shape.join(', ')}]`;
  const [batch, channels] = shape;
  const known = input?.isTensor === true && (input.type === 'float32' || input.type === 'uint8') ? input.type : null;
  const size = [shape[2], shape[3]].map((side, axis) => (typeof side === 'number' ? side : metadata.imageSize?.[axis]));
  const [height, width] = size;
  const fits =
    shape.length === 4 &&
    (batch === 1 || typeof batch === 'string') &&
    (channels === 3 || typeof channels === 'string');
  if (known === null || !fits || others.length > 0 || height === undefined || width === undefined) {
    throw new Fault(
      'model-invalid',
      `The model cannot be used: ${seen}. Vedette understands one input [1, 3, height, width] of float32 or uint8.`,
    );
  }
  return { type: known, height, width };
}

function describeInput(session: InferenceSession | null): string {
  const [input] = session?.inputMetadata ?? [];
  return input?.isTensor === true ? `${input.name} ${input.type} [${input.shape.join(', ')}]` : '';
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
