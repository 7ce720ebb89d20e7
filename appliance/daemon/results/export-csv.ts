// Detections as CSV (RFC 4180): one row a detection. Frames without detections have no row.
import type { DetectionFrame } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { frameBatches } from './frames.ts';
import type { Pieces } from './pieces.ts';

const columns = ['frame_index', 'pts_s', 'class_id', 'class_name', 'confidence', 'x1', 'y1', 'x2', 'y2'];

export async function* csvPieces(_job: Job, framesPath: string, signal?: AbortSignal): Pieces {
  yield `${columns.join(',')}\r\n`;
  for await (const frames of frameBatches(framesPath, signal)) yield frames.map(toRows).join('');
}

function toRows({ frame_index, pts_s, detections }: DetectionFrame): string {
  let rows = '';
  for (const [at, box] of detections.xyxy.entries()) {
    const { class_id: ids, class_name: names, confidence } = detections;
    const cells = [frame_index, pts_s, ids[at], quote(names[at] ?? ''), confidence[at], ...box];
    rows += `${cells.join(',')}\r\n`;
  }
  return rows;
}

/** Names come from the model's file: one that begins like a formula must not become one in a spreadsheet. */
function quote(name: string): string {
  const text = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
