// Detections of one source's frames: the frame into the network, the boxes back into pixels of the source.
import type { DetectionSettings } from '../../contract/detection.ts';
import type { Box, Detections } from '../../contract/frame.ts';
import type { Head } from './heads/head.ts';
import { letterbox, type Letterbox, type SourceSize } from './letterbox.ts';
import type { Network, Picture } from './network.ts';
import { bestFirst, suppress } from './nms.ts';

export interface DetectorOptions extends DetectionSettings {
  readonly source: SourceSize;
}

/** As many as Ultralytics keeps of one picture. */
const mostDetections = 300;

export class Detector {
  readonly #network: Network;
  readonly #head: Head;
  readonly #options: DetectorOptions;
  /** The name of each class that is told, by its id. */
  readonly #names: ReadonlyMap<number, string>;
  readonly #fit: Letterbox;

  constructor(network: Network, head: Head, classes: readonly string[], options: DetectorOptions) {
    this.#network = network;
    this.#head = head;
    this.#names = toldNames(classes, options);
    this.#options = options;
    this.#fit = letterbox(options.source, network);
    network.clear();
  }

  /** Size in which it wants its pictures. */
  get pictureSize(): { readonly width: number; readonly height: number } {
    return this.#fit;
  }

  /** Blocks the thread for the length of one inference. */
  async detect(picture: Picture): Promise<Detections> {
    const { confidence, iou } = this.#options;
    const outputs = await this.#network.infer(picture, this.#fit.left, this.#fit.top);
    const candidates = this.#head.read(outputs, confidence).filter(({ classId }) => this.#names.has(classId));
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
