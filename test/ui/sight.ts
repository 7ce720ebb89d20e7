// What a running job sees, as it is pushed, for tests of the board.
import type { Page } from 'playwright-core';
import type { PreviewView, SeenObject } from '../../appliance/contract/preview.ts';

/** Of the pictures below; those of the videos are three times as large. */
const [width, height] = [640, 360];
const scale = 3;

const things: readonly { readonly name: string; readonly id: number; readonly at: SeenObject['box'] }[] = [
  { name: 'person', id: 0, at: [300, 420, 480, 900] },
  { name: 'person', id: 0, at: [1320, 390, 1500, 870] },
  { name: 'sports ball', id: 1, at: [840, 780, 960, 900] },
];

/** A JPEG, drawn in the page: a field at dusk, with each thing of the sight in its place. */
export async function drawn(page: Page): Promise<Buffer> {
  const url = await page.evaluate<string>(`(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: ${width}, height: ${height} });
    const context = canvas.getContext('2d');
    context.fillStyle = '#2d4a3a';
    context.fillRect(0, 0, ${width}, ${height});
    context.fillStyle = '#1c2c33';
    context.fillRect(0, 0, ${width}, 110);
    context.fillStyle = '#c9c4b4';
    for (const [x1, y1, x2, y2] of ${JSON.stringify(things.map(({ at }) => at.map((side) => side / scale)))}) {
      context.beginPath();
      context.ellipse((x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / 3, (y2 - y1) / 2, 0, 0, 7);
      context.fill();
    }
    return canvas.toDataURL('image/jpeg');
  })()`);
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

export function sightOf(jobId: string, picture: Buffer, changes: Partial<PreviewView> = {}): PreviewView {
  return {
    job_id: jobId,
    frame_index: 1268,
    pts_s: 50.72,
    width,
    height,
    objects: things.map(({ name, id, at }) => {
      return { box: at, class: name, class_id: id, confidence: 0.9, track_id: null };
    }),
    classes: { person: 4211, 'sports ball': 618, car: 97, dog: 31, bicycle: 12, bench: 4, bird: 1 },
    picture,
    ...changes,
  };
}
