// Detections of one source's frames: the frame into the network, the boxes back into pixels of the source.
import type { Box, Detections } from '../../contract/frame.ts';
import { readCandidates, type Head } from './head.ts';
import { letterbox, type Letterbox, type SourceSize } from './letterbox.ts';
import type { Network, Picture } from './network.ts';
import { nonMaximumSuppression } from './nms.ts';

export interface DetectorOptions {
  readonly source: SourceSize;
  /** Scores below are dropped, 0..1. */
  readonly confidence: number;
  /** Boxes of one class that overlap more than this are one, 0..1. */
  readonly iou: number;
}

/** As many as Ultralytics keeps of one picture. */
const mostDetections = 300;

export class Detector {
  readonly #network: Network;
  readonly #head: Head;
  readonly #classes: readonly string[];
  readonly #options: DetectorOptions;
  readonly #fit: Letterbox;

  constructor(network: Network, head: Head, classes: readonly string[], options: DetectorOptions) {
    this.#network = network;
    this.#head = head;
    this.#classes = classes;
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
    const output = await this.#network.infer(picture, this.#fit.left, this.#fit.top);
    const candidates = readCandidates(output, this.#head, confidence);
    const detections: Detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
    for (const position of nonMaximumSuppression(candidates, iou, mostDetections)) {
      const [x = 0, y = 0, w = 0, h = 0] = [
        candidates.centreX[position],
        candidates.centreY[position],
        candidates.width[position],
        candidates.height[position],
      ];
      const box = this.#fit.toSource(x - w / 2, y - h / 2, x + w / 2, y + h / 2).map(toHundredths) as Box;
      // A box that lies in the border alone has nothing left after clipping.
      if (box[0] >= box[2] || box[1] >= box[3]) continue;
      const classId = candidates.classId[position] ?? 0;
      detections.xyxy.push(box);
      detections.confidence.push(Math.min(Math.round((candidates.score[position] ?? 0) * 1e4) / 1e4, 1));
      detections.class_id.push(classId);
      detections.class_name.push(this.#classes[classId] ?? '');
    }
    return detections;
  }
}

function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
