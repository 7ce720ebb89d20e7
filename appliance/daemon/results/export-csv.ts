// Detections as CSV (RFC 4180): one row a detection, with its track id where a tool follows things, and the tool where
// there are several. Frames without detections have no row.
import { follows, type FoundObject, objectsIn, outputsIn } from '../../contract/found.ts';
import type { ResultFrame } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { frameBatches } from './frames.ts';
import type { Pieces } from './pieces.ts';

const columns = ['frame_index', 'pts_s', 'class_id', 'class_name', 'confidence', 'x1', 'y1', 'x2', 'y2'];
/** Of jobs that have them alone, and behind the others: who reads the others by place finds them there. */
const extraColumns = {
  track_id: ({ trackId }: FoundObject) => String(trackId ?? ''),
  tool: ({ tool }: FoundObject) => quote(tool ?? ''),
} as const;
type ExtraColumn = keyof typeof extraColumns;

export async function* csvPieces({ tools }: Job, framesPath: string, signal?: AbortSignal): Pieces {
  let extra: readonly ExtraColumn[] | null = null;
  for await (const frames of frameBatches(framesPath, signal)) {
    if (!extra) yield head((extra = extraOf(tools, frames[0])));
    const known = extra;
    yield frames.map((frame) => toRows(frame, known)).join('');
  }
  if (!extra) yield head(extraOf(tools, undefined));
}

/** Whether a tool follows things is told by its first line, and without one by its name. */
function extraOf(tools: Job['tools'], first: ResultFrame | undefined): ExtraColumn[] {
  const tracked = first
    ? outputsIn(first).some(([, output]) => follows(output))
    : tools.includes('video_player_tracking');
  return [...(tracked ? ['track_id' as const] : []), ...(tools.length > 1 ? ['tool' as const] : [])];
}

function head(extra: readonly ExtraColumn[]): string {
  return `${[...columns, ...extra].join(',')}\r\n`;
}

function toRows(frame: ResultFrame, extra: readonly ExtraColumn[]): string {
  let rows = '';
  for (const object of objectsIn(frame)) {
    const { classId, className, confidence, box } = object;
    const cells = [frame.frame_index, frame.pts_s, classId, quote(className), confidence, ...box];
    rows += `${[...cells, ...extra.map((column) => extraColumns[column](object))].join(',')}\r\n`;
  }
  return rows;
}

/** Names come from the model's file: one that begins like a formula must not become one in a spreadsheet. */
function quote(name: string): string {
  const text = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
