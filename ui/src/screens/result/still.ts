// One frame with its boxes as a PNG, as large as the source.
import { drawObjects } from '../../picture/boxes.ts';
import type { DrawnObject } from '../../picture/drawn.ts';

export interface StillOptions {
  /** What is shown now; a video, or a picture. */
  readonly picture: HTMLVideoElement | HTMLImageElement;
  /** Of the boxes, in pixels. */
  readonly source: { readonly width: number; readonly height: number };
  readonly marks: readonly DrawnObject[];
}

/** Null where the browser cannot make it. */
export async function stillOf({ picture, source, marks }: StillOptions): Promise<Blob | null> {
  const isVideo = picture instanceof HTMLVideoElement;
  // An anamorphic source is as wide as it is shown.
  const width = isVideo ? picture.videoWidth : picture.naturalWidth;
  const height = isVideo ? picture.videoHeight : picture.naturalHeight;
  const boxes = document.createElement('canvas');
  const density = globalThis.devicePixelRatio || 1;
  drawObjects({ canvas: boxes, source, shown: { width: width / density, height: height / density } }, marks);
  const still = document.createElement('canvas');
  Object.assign(still, { width, height });
  const context = still.getContext('2d');
  if (!context) return null;
  context.drawImage(picture, 0, 0, width, height);
  context.drawImage(boxes, 0, 0, width, height);
  return new Promise((resolve) => still.toBlob(resolve, 'image/png'));
}
