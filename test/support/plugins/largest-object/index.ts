// An example of a plugin: of all that the model sees in a frame or picture, the largest object alone; and who stays in sight
// from frame to frame.
import { type Detections, definePlugin, type ToolWork } from '../../../../appliance/worker/tools/plugin-api.ts';

async function* largestInEach({ frames, totalFrames, detect, onProgress }: ToolWork) {
  for await (const frame of frames) {
    yield { frame_index: frame.index, pts_s: frame.ptsS, detections: largestOf(await detect(frame)) };
    onProgress(frame.index + 1, totalFrames);
  }
}

function largestOf({ xyxy, confidence, class_id, class_name }: Detections): Detections {
  const areas = xyxy.map(([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1));
  const at = areas.indexOf(Math.max(...areas));
  const alone = <T>(list: readonly T[]): T[] => (at < 0 ? [] : list.slice(at, at + 1));
  return { xyxy: alone(xyxy), confidence: alone(confidence), class_id: alone(class_id), class_name: alone(class_name) };
}

/** The largest object is the same one as long as frames with it follow each other. */
async function* followLargest({ frames, totalFrames, detect, memory, remember, onProgress }: ToolWork) {
  const known = memory as { track: number; tracks: Record<string, number>; lost: boolean } | null;
  let { track, lost } = known ?? { track: 0, lost: true };
  const tracks = { ...known?.tracks };
  remember({ memory: () => ({ track, tracks, lost }), tracks: () => tracks });
  for await (const frame of frames) {
    const { xyxy, confidence, class_id, class_name } = largestOf(await detect(frame));
    const [box, sure = 0, number = 0, name = ''] = [xyxy[0], confidence[0], class_id[0], class_name[0]];
    if (box && lost) {
      track += 1;
      tracks[name] = (tracks[name] ?? 0) + 1;
    }
    lost = !box;
    const objects = box ? [{ track_id: track, class_id: number, class: name, confidence: sure, xyxy: box }] : [];
    const tracked_objects = objects.map((object) => {
      const [x1, y1, x2, y2] = object.xyxy;
      return { ...object, center: [(x1 + x2) / 2, (y1 + y2) / 2] as [number, number] };
    });
    yield { frame_index: frame.index, pts_s: frame.ptsS, detections: { tracked_objects } };
    onProgress(frame.index + 1, totalFrames);
  }
}

export const plugin = definePlugin({
  manifest: {
    id: 'largest-object',
    name: 'Largest object',
    version: '1.0.0',
    description: 'Of all that the model sees, the largest object alone.',
    author: 'Vedette',
    license: 'Apache-2.0',
    capabilities: ['largest_object'],
    tools: [
      {
        id: 'largest',
        title: 'The largest object of every frame',
        input_types: ['video'],
        output_types: ['video_detections'],
        capabilities: ['largest_object'],
      },
      {
        id: 'follow_largest',
        title: 'The largest object, followed',
        input_types: ['video'],
        output_types: ['video_tracks'],
        capabilities: ['largest_object'],
      },
      {
        id: 'largest_in_picture',
        title: 'The largest object of a picture',
        input_types: ['image_bytes'],
        output_types: ['image_detections'],
        capabilities: ['largest_object'],
      },
    ],
  },
  tools: {
    largest: { run: largestInEach },
    follow_largest: { looksBack: true, run: followLargest },
    largest_in_picture: { run: largestInEach },
  },
});
