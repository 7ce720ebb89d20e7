// Draws what was found over a picture: boxes, labels and the trails of tracks, sharp at any size of the picture.
import { classColour } from './class-colour.ts';
import type { DrawnObject } from './drawn.ts';

export interface Surface {
  readonly canvas: HTMLCanvasElement;
  /** Of the source, in pixels. */
  readonly source: { readonly width: number; readonly height: number };
  /** CSS pixels that the picture takes. */
  readonly shown: { readonly width: number; readonly height: number };
}

const line = 2;
const textSize = 13;

/** Sizes the canvas for the screen's own pixels, clears it, and draws. The picture fills the canvas without a margin. */
export function drawObjects({ canvas, source, shown }: Surface, objects: readonly DrawnObject[]): void {
  const density = globalThis.devicePixelRatio || 1;
  const [width, height] = [Math.round(shown.width * density), Math.round(shown.height * density)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context || source.width === 0 || source.height === 0) return;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, shown.width, shown.height);
  const [across, down] = [shown.width / source.width, shown.height / source.height];
  for (const object of objects) drawTrail(context, object, across, down);
  for (const object of objects) drawBox(context, object, across, down);
  for (const object of objects) drawLabel(context, object, { across, down, right: shown.width });
}

function drawTrail(context: CanvasRenderingContext2D, object: DrawnObject, across: number, down: number): void {
  const { trail = [] } = object;
  if (trail.length < 2) return;
  context.strokeStyle = classColour(object.classId);
  context.lineWidth = line;
  context.lineJoin = 'round';
  context.lineCap = 'round';
  trail.slice(1).forEach(([x, y], at) => {
    const [fromX, fromY] = trail[at] ?? [x, y];
    context.globalAlpha = (at + 1) / trail.length;
    context.beginPath();
    context.moveTo(fromX * across, fromY * down);
    context.lineTo(x * across, y * down);
    context.stroke();
  });
  context.globalAlpha = 1;
}

function drawBox(context: CanvasRenderingContext2D, object: DrawnObject, across: number, down: number): void {
  const [x1, y1, x2, y2] = object.box;
  const sides = [x1 * across, y1 * down, (x2 - x1) * across, (y2 - y1) * down] as const;
  // A dark edge below keeps the line in sight on any picture.
  context.lineWidth = (object.strong ? 2 : 1) * line + 2;
  context.strokeStyle = 'rgb(0 0 0 / 55%)';
  context.strokeRect(...sides);
  context.lineWidth = (object.strong ? 2 : 1) * line;
  context.strokeStyle = classColour(object.classId);
  context.strokeRect(...sides);
}

interface LabelPlace {
  readonly across: number;
  readonly down: number;
  readonly right: number;
}

function drawLabel(context: CanvasRenderingContext2D, object: DrawnObject, { across, down, right }: LabelPlace): void {
  if (object.label === '') return;
  context.font = `600 ${textSize}px 'IBM Plex Sans Variable', system-ui, sans-serif`;
  context.textBaseline = 'middle';
  context.direction = 'ltr';
  context.textAlign = 'left';
  const width = context.measureText(object.label).width + 10;
  const height = textSize + 7;
  const x = Math.min(Math.max(object.box[0] * across - line / 2, 0), Math.max(right - width, 0));
  const above = object.box[1] * down - height;
  const y = above >= 0 ? above : object.box[1] * down;
  context.fillStyle = classColour(object.classId);
  context.fillRect(x, y, width, height);
  context.fillStyle = '#10140f';
  context.fillText(object.label, x + 5, y + height / 2 + 0.5);
}
