// What a head is: the layout of a network's outputs, how its numbers are read, and how the network wants its picture.

/** A box before suppression, in pixels of the network's input; x1 ≤ x2, y1 ≤ y2, not yet clipped to anything. */
export interface Candidate {
  readonly classId: number;
  /** 0..1 */
  readonly score: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** One output of one inference. Numbers of any type arrive as float32, or, where they are integers, as plain numbers. */
export interface Output {
  readonly dims: readonly number[];
  readonly data: Float32Array | readonly number[];
}

export type Outputs = Readonly<Record<string, Output>>;

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture is fitted into the input: centred on grey, at the upper left corner of grey, or stretched over it. */
export type Framing = 'centred' | 'cornered' | 'stretched';

export interface Head {
  /** In words for the model's card, such as `[1, 84, 8400]: boxes and class scores (YOLOv8, v9, 11, 12)`. */
  readonly layout: string;
  readonly classes: number;
  /** True where what it reads is already the network's last word, so that no suppression follows. */
  readonly suppressed: boolean;
  readonly framing: Framing;
  readonly colours: 'rgb' | 'bgr';
  /** What a byte of a colour is multiplied by before it goes in: 1/255, or 1 where the network wants bytes. */
  readonly scale: number;
  /**
   * Of the batch's picture `at` (0-based), those that score at least `threshold`, 0..1, in no particular order. What is
   * no finite number never comes out. `input`: the size of this run's input, needed where a network takes any size;
   * by default that of the run by which the head was recognised.
   */
  read(outputs: Outputs, threshold: number, at?: number, input?: Size): Candidate[];
}

/** Of an input or output as the network declares it; a side that is left open is its name, or null. */
export interface Slot {
  readonly name: string;
  /** ONNX Runtime's name of the element type, such as `float32`, `float16`, `uint8` or `int64`. */
  readonly type: string;
  readonly shape: readonly (number | string | null)[];
}

/** Throws Error where the network has no such output of floats: a head reads only what it was recognised by. */
export function expectFloats(outputs: Outputs, name: string): { data: Float32Array; dims: readonly number[] } {
  const output = outputs[name];
  if (!(output?.data instanceof Float32Array)) throw new Error(`output ${name} is not there, or holds no floats`);
  return { data: output.data, dims: output.dims };
}

/** Throws Error where the network has no such output. */
export function expectNumbers(outputs: Outputs, name: string): Output {
  const output = outputs[name];
  if (output === undefined) throw new Error(`output ${name} is not there`);
  return output;
}

/** How far beyond 0..1 a number may lie that halves or eight bits have rounded. */
export const roundedBy = 0.01;

/**
 * Puts a box with its corners onto the list, unless it is none: a number that is not finite, sides below nothing, a score
 * that no rounding lifts above 1. One that is lifted, be it as a product of two, scores 1.
 */
export function take(
  taken: Candidate[],
  classId: number,
  score: number,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  if (!(score <= 1 + 3 * roundedBy) || !Number.isFinite(x1 + y1 + x2 + y2) || x2 < x1 || y2 < y1) return;
  taken.push({ classId, score: Math.min(score, 1), x1, y1, x2, y2 });
}

/** Whether it is an id of one of so many classes. */
export function isClassId(id: number, classes: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < classes;
}

/** As `take`, for a box with its centre and size. */
export function takeCentred(
  taken: Candidate[],
  classId: number,
  score: number,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  take(taken, classId, score, x - width / 2, y - height / 2, x + width / 2, y + height / 2);
}
