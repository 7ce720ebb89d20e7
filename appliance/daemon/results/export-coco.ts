// Detections as COCO (cocodataset.org/#format-data): images, annotations with scores, categories.
import { objectsIn } from '../../contract/found.ts';
import type { ResultFrame } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { frameBatches } from './frames.ts';
import type { Pieces } from './pieces.ts';

/** Reads the artifact twice, since COCO wants all images in one list and all annotations in another. */
export async function* cocoPieces(job: Job, framesPath: string, signal?: AbortSignal): Pieces {
  const info = { description: job.sourceName, date_created: new Date(job.createdAt).toISOString() };
  yield `{"info":${JSON.stringify(info)},"licenses":[],"images":[`;
  const size = { width: job.source?.width ?? 0, height: job.source?.height ?? 0 };
  let between = '';
  for await (const frames of frameBatches(framesPath, signal)) {
    yield between + frames.map((frame) => JSON.stringify({ ...toImage(frame), ...size })).join(',');
    between = ',';
  }
  yield '],"annotations":[';
  const categories = new Map<number, string>();
  between = '';
  // Tools take annotation 0 for "none": they count from 1.
  let next = 1;
  for await (const frames of frameBatches(framesPath, signal)) {
    const annotations = frames.flatMap((frame) => toAnnotations(frame, categories));
    if (annotations.length === 0) continue;
    yield between + annotations.map((annotation) => JSON.stringify({ id: next++, ...annotation })).join(',');
    between = ',';
  }
  const known = [...categories].sort(([a], [b]) => a - b).map(([id, name]) => ({ id, name, supercategory: '' }));
  yield `],"categories":${JSON.stringify(known)}}`;
}

/** Frames have no files; the names are those under which they are commonly taken out of a video. */
function toImage({ frame_index, pts_s }: ResultFrame) {
  return { id: frame_index, file_name: `frame_${String(frame_index).padStart(6, '0')}.jpg`, frame_index, pts_s };
}

/**
 * Category ids are the model's class ids. A box is `[x, y, width, height]`. COCO has no word for tracks: the id stands
 * where CVAT writes and reads it, and beside it the tool where there are several.
 */
function toAnnotations(frame: ResultFrame, categories: Map<number, string>) {
  return objectsIn(frame).map(({ tool, trackId, classId, className, confidence, box: [x1, y1, x2, y2] }) => {
    categories.set(classId, className);
    const attributes = { ...(trackId !== null && { track_id: trackId }), ...(tool !== null && { tool }) };
    const [width, height] = [round(x2 - x1), round(y2 - y1)];
    return {
      image_id: frame.frame_index,
      category_id: classId,
      bbox: [x1, y1, width, height],
      area: round(width * height),
      iscrowd: 0,
      score: confidence,
      ...(Object.keys(attributes).length > 0 && { attributes }),
    };
  });
}

/** Differences of two decimals carry noise in their last binary digits. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
