// Detections as CSV (RFC 4180): one row a detection, with its track id where the tool follows things. Frames without
// detections have no row.
import { objectsIn } from '../../contract/found.ts';
import type { ResultFrame } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { frameBatches } from './frames.ts';
import type { Pieces } from './pieces.ts';

const columns = ['frame_index', 'pts_s', 'class_id', 'class_name', 'confidence', 'x1', 'y1', 'x2', 'y2'];
/** Only of jobs that track, and behind the others: who reads the others by place finds them there. */
const trackColumn = 'track_id';

export async function* csvPieces({ tool }: Job, framesPath: string, signal?: AbortSignal): Pieces {
  const tracked = tool === 'video_player_tracking';
  yield `${[...columns, ...(tracked ? [trackColumn] : [])].join(',')}\r\n`;
  for await (const frames of frameBatches(framesPath, signal))
    yield frames.map((frame) => toRows(frame, tracked)).join('');
}

function toRows(frame: ResultFrame, tracked: boolean): string {
  let rows = '';
  for (const { trackId, classId, className, confidence, box } of objectsIn(frame)) {
    const cells = [frame.frame_index, frame.pts_s, classId, quote(className), confidence, ...box];
    rows += `${[...cells, ...(tracked ? [trackId] : [])].join(',')}\r\n`;
  }
  return rows;
}

/** Names come from the model's file: one that begins like a formula must not become one in a spreadsheet. */
function quote(name: string): string {
  const text = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
