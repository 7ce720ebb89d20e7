// How many threads one inference gets where nobody says. The same model on the same machine always gets the same number.

export interface NetworkSize {
  /** Of the weights file. */
  readonly bytes: number;
  /** Width × height of the input. */
  readonly pixels: number;
}

/** Multiply-adds of one inference, in 10⁹, below which decoding a frame weighs as much as inferring it. */
const small = 1;

/**
 * All cores; or all but one for a small network, since decoding then competes for every core that inference takes
 * (2 cores, demo model at 0.3·10⁹: 152 frames a second with one thread, 145 with two; YOLOv8n at 4.4·10⁹: 14 and 18).
 */
export function chooseThreads(network: NetworkSize, cores: number): number {
  return estimate(network) < small ? Math.max(cores - 1, 1) : cores;
}

/**
 * In 10⁹ multiply-adds. YOLO networks use each weight about once for every 270 pixels of the input: true within a
 * fifth for YOLOv8n and for the demo model, and the border has room to spare.
 */
function estimate({ bytes, pixels }: NetworkSize): number {
  return ((bytes / 4) * (pixels / 270)) / 1e9;
}
