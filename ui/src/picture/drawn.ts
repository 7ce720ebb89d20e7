// What is drawn over a picture, before there is a canvas to draw it on.

export interface DrawnObject {
  /** `[x1, y1, x2, y2]` in pixels of the source. */
  readonly box: readonly [number, number, number, number];
  readonly classId: number;
  /** Beside its box; none where it is empty. */
  readonly label: string;
  /** Centres of where it was before, oldest first, in pixels of the source. */
  readonly trail?: readonly (readonly [number, number])[];
  /** Drawn as the one that is meant. */
  readonly strong?: boolean;
}
