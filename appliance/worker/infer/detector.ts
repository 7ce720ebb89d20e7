// Detections of one source's frames: the frame into the network, the boxes back into pixels of the source.
import type { DetectionSettings } from '../../contract/detection.ts';
import type { Box, Detections, ModelCard } from '../../contract/frame.ts';
import type { Head, Outputs, Size } from './heads/head.ts';
import { fit, type Fit, type SourceSize, tightSize } from './letterbox.ts';
import type { Network, Picture } from './network.ts';
import { bestFirst, suppress } from './nms.ts';

export interface DetectorOptions extends DetectionSettings {
  readonly source: SourceSize;
}

/** As many as Ultralytics keeps of one picture. */
const mostDetections = 300;

/** What is made of a network's outputs, and how they are told. */
export interface Understanding {
  readonly network: Network;
  readonly head: Head;
  readonly card: ModelCard;
}

/** Methods that infer throw what ONNX Runtime throws. */
export class Detector {
  readonly #network: Network;
  readonly #head: Head;
  readonly #options: DetectorOptions;
  /** The name of each class that is told, by its id. */
  readonly #names: ReadonlyMap<number, string>;
  readonly #fit: Fit;

  private constructor({ network, head, card }: Understanding, options: DetectorOptions, input: Size) {
    this.#network = network;
    this.#head = head;
    this.#names = toldNames(card.classes, options);
    this.#options = options;
    this.#fit = fit(options.source, input, head.framing);
  }

  static async open(understanding: Understanding, options: DetectorOptions): Promise<Detector> {
    const { network, head, card } = understanding;
    const usual = { width: card.inputWidth, height: card.inputHeight };
    const elastic = network.elastic && head.framing !== 'stretched';
    const input = elastic ? tightSize(options.source, usual, card.stride) : usual;
    await network.resize(input);
    return new Detector(understanding, options, input);
  }

  /** Size in which it wants its pictures. */
  get pictureSize(): Size {
    return this.#fit;
  }

  /** In a thread of its own; two pictures at most at a time. */
  infer(picture: Picture): Promise<Outputs> {
    return this.#network.infer(picture, this.#fit.left, this.#fit.top);
  }

  /** Scores of at least `confidence`, 0..1. */
  async detect(picture: Picture, confidence = this.#options.confidence): Promise<Detections> {
    return this.read(await this.infer(picture), confidence);
  }

  /** What the network said of one picture, in pixels of the source. */
  read(outputs: Outputs, confidence = this.#options.confidence): Detections {
    const { iou } = this.#options;
    const read = this.#head.read(outputs, confidence, 0, this.#network.size);
    const candidates = read.filter(({ classId }) => this.#names.has(classId));
    const kept = this.#head.suppressed
      ? bestFirst(candidates).slice(0, mostDetections)
      : suppress(candidates, iou, mostDetections);
    const detections: Detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
    for (const { classId, score, x1, y1, x2, y2 } of kept) {
      const box = this.#fit.toSource(x1, y1, x2, y2).map(toHundredths) as Box;
      // A box that lies in the border alone has nothing left after clipping.
      if (box[0] >= box[2] || box[1] >= box[3]) continue;
      detections.xyxy.push(box);
      detections.confidence.push(Math.min(Math.round(score * 1e4) / 1e4, 1));
      detections.class_id.push(classId);
      detections.class_name.push(this.#names.get(classId) ?? '');
    }
    return detections;
  }
}

function toldNames(classes: readonly string[], { classes: wanted, aliases }: DetectionSettings): Map<number, string> {
  const named = classes.map((name, id) => [id, name] as const);
  const told = named.filter(([, name]) => wanted === null || wanted.includes(name));
  return new Map(told.map(([id, name]) => [id, aliases[name] ?? name]));
}

function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
