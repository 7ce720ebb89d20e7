// A session with the memory that goes into it, made once for a size and used for every frame.
import { Fault } from '../../contract/fault.ts';
import { byteInput } from './byte-input.ts';
import type { Head, Outputs, Size } from './heads/head.ts';
import type { Inputs } from './inputs.ts';
import type { Session } from './session.ts';
import type { Feed } from './session-thread.ts';

/** A frame as three planes R, G, B behind each other, each `stride × height` bytes. */
export interface Picture extends Size {
  readonly stride: number;
  readonly pixels: Uint8Array;
}

export interface NetworkOptions {
  /** Of a model that takes bytes by `byteInput`, or of one that is fed as it was made. */
  readonly session: Session;
  readonly inputs: Inputs;
  /** Of the input where the network takes any size, in pixels. */
  readonly usual: Size;
}

type Wish = Pick<Head, 'colours' | 'scale'>;

type Canvas = Float32Array | Uint8Array;

/** A picture may be pasted while another one is looked at. */
const canvasCount = 2;

/** Ultralytics pads with this grey, in training as in inference. */
const grey = 114;

/** Methods throw what ONNX Runtime throws. */
export class Network {
  readonly #session: Session;
  readonly #inputs: Inputs;
  readonly #rewritten: boolean;
  #wish: Wish = { colours: 'rgb', scale: 1 / 255 };
  #size: Size;
  /** Grey around the place where pictures are pasted: one for each picture that is looked at. */
  #canvases: Canvas[] = [];

  private constructor({ session, inputs, usual }: NetworkOptions) {
    const { width, height } = inputs.picture;
    this.#session = session;
    this.#inputs = inputs;
    this.#rewritten = session.inputs.some(({ name }) => name === byteInput.pixels);
    this.#size = { width: width ?? usual.width, height: height ?? usual.height };
  }

  /** Throws Fault model-invalid for a network that would have to be rewritten, and was not. */
  static async open(options: NetworkOptions): Promise<Network> {
    const network = new Network(options);
    const { type, planes } = options.inputs.picture;
    if (!network.#rewritten && (type === 'float16' || planes === 'last')) {
      throw new Fault(
        'model-invalid',
        `The model cannot be used: its input is ${type} with the colours ${planes}, which is understood only of models ` +
          'that hold their weights themselves and have opset 10 or newer.',
      );
    }
    await network.#prepare();
    return network;
  }

  /** As the file declares it. */
  get input(): string {
    return this.#inputs.declared;
  }

  /** Of the input, in pixels. */
  get size(): Size {
    return this.#size;
  }

  /** True where it takes pictures of any size. */
  get elastic(): boolean {
    return this.#inputs.picture.width === null && this.#inputs.picture.height === null;
  }

  /** How the head wants its picture; until it is told, as most want it. */
  async fitTo(head: Wish): Promise<void> {
    this.#wish = head;
    await this.#prepare();
  }

  /** Forgets what was pasted; an elastic one has this size from now on. */
  async resize(size: Size): Promise<void> {
    if (this.elastic) this.#size = size;
    await this.#prepare();
  }

  /**
   * Pastes the picture at this place and has the network run on it, in its own thread. Whatever was pasted elsewhere
   * before stays: a detector always pastes at one place and size. A second picture may be given before the first one's
   * outputs are there; not a third.
   */
  async infer(picture: Picture, left: number, top: number): Promise<Outputs> {
    const canvas = this.#canvases.pop();
    if (!canvas) throw new Error('the network has two pictures to look at already');
    this.#paste(canvas, picture, left, top);
    return this.#look(canvas, 1);
  }

  /** On what was pasted last, or on grey; so many times, with nothing done in between. */
  async run(times = 1): Promise<Outputs> {
    const canvas = this.#canvases.pop();
    if (!canvas) throw new Error('the network has two pictures to look at already');
    return this.#look(canvas, times);
  }

  async #look(canvas: Canvas, times: number): Promise<Outputs> {
    const canvases = this.#canvases;
    const { outputs, pixels } = await this.#session.run(canvas.buffer as ArrayBuffer, times);
    if (pixels) canvases.push(canvas instanceof Uint8Array ? new Uint8Array(pixels) : new Float32Array(pixels));
    if (!this.#rewritten) return outputs;
    const entries = Object.entries(outputs);
    return Object.fromEntries(entries.map(([name, output]) => [name.replace(byteInput.float, ''), output]));
  }

  #paste(canvas: Canvas, { width, height, stride, pixels }: Picture, left: number, top: number): void {
    const order = this.#wish.colours === 'rgb' ? [0, 1, 2] : [2, 1, 0];
    for (const [plane, from] of order.entries()) {
      const to = (plane * this.#size.height + top) * this.#size.width + left;
      // Rows without a gap on either side are one piece.
      const whole = stride === this.#size.width && width === stride;
      const [rows, length] = whole ? [1, height * stride] : [height, width];
      for (let y = 0; y < rows; y++) {
        const at = (from * height + y) * stride;
        copy(pixels.subarray(at, at + length), canvas, to + y * this.#size.width, this.#wish.scale);
      }
    }
  }

  async #prepare(): Promise<void> {
    const { picture, sizes } = this.#inputs;
    const { scale } = this.#wish;
    const { width, height } = this.#size;
    const bytes = this.#rewritten || picture.type === 'uint8';
    const length = 3 * width * height;
    this.#canvases = Array.from({ length: canvasCount }, () => {
      return bytes ? new Uint8Array(length).fill(grey) : new Float32Array(length).fill(grey * scale);
    });
    const name = this.#rewritten ? byteInput.pixels : picture.name;
    const pixels = { name, type: bytes ? ('uint8' as const) : ('float32' as const), dims: [1, 3, height, width] };
    const feeds: Feed[] = [];
    if (this.#rewritten && picture.type !== 'uint8') {
      feeds.push({ name: byteInput.scale, type: 'float32', dims: [], data: Float32Array.of(scale) });
    }
    if (sizes !== null) {
      feeds.push({ name: sizes, type: 'int64', dims: [1, 2], data: BigInt64Array.of(BigInt(width), BigInt(height)) });
    }
    await this.#session.feed(pixels, feeds);
  }
}

/** The native copy converts bytes to floats, and a loop scales them: 0.7 ms for 640 × 360, where one loop took 0.95. */
function copy(from: Uint8Array, input: Canvas, at: number, scale: number): void {
  input.set(from, at);
  if (input instanceof Float32Array) multiply(input, at, at + from.length, scale);
}

function multiply(values: Float32Array, from: number, to: number, factor: number): void {
  for (let at = from; at < to; at++) values[at] = (values[at] ?? 0) * factor;
}
