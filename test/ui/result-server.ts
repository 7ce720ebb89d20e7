// An appliance with the bundled sample's results: its true objects as frames, its video by ranges, its timeline.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { JobItem } from '../../appliance/contract/api.ts';
import { objectsIn } from '../../appliance/contract/found.ts';
import { Box, type ResultFrame } from '../../appliance/contract/frame.ts';
import { Span } from '../../appliance/daemon/results/span.ts';
import { completedJob, jobId } from './job-item.ts';
import type { GivenAnswer, GivenRequest, KioskServer } from './kiosk-server.ts';

const demo = resolve(import.meta.dirname, '../../models/demo');
export const sampleVideo = resolve(demo, 'sample.mp4');

const Truth = z.object({
  width: z.number(),
  height: z.number(),
  fps: z.number(),
  frames: z.array(z.object({ objects: z.array(z.object({ class: z.string(), xyxy: Box })) })),
});

const sampleSource = {
  container: 'mp4',
  codec: 'h264',
  width: 1280,
  height: 720,
  rotation: 0,
  fps: 25,
  duration_s: 14,
  frames: 350,
} as const;

const classes = ['ball', 'bottle', 'box', 'can'];

/** `tracked`: each thing has an id, as a tracker would give it. */
export function sampleFrames(tracked: boolean): readonly ResultFrame[] {
  const truth = Truth.parse(JSON.parse(readFileSync(resolve(demo, 'sample.truth.json'), 'utf8')));
  const followed: { id: number; class: string; box: Box }[] = [];
  return truth.frames.map(({ objects }, index): ResultFrame => {
    const frame = { frame_index: index, pts_s: index / truth.fps };
    const confidence = (n: number): number => 0.95 - ((n * 7) % 10) / 25;
    if (!tracked) {
      const detections = {
        xyxy: objects.map(({ xyxy }) => xyxy),
        confidence: objects.map((_, n) => confidence(n)),
        class_id: objects.map((object) => classes.indexOf(object.class)),
        class_name: objects.map((object) => object.class),
      };
      return { ...frame, detections };
    }
    const seen = objects.map((object) => {
      const near = followed.find((one) => one.class === object.class && distance(one.box, object.xyxy) < 30);
      const track = near ?? { id: followed.length + 1, class: object.class, box: object.xyxy };
      if (!near) followed.push(track);
      track.box = object.xyxy;
      return { track, object };
    });
    const tracked_objects = seen.map(({ track, object: { class: name, xyxy } }, n) => ({
      track_id: track.id,
      class_id: classes.indexOf(name),
      class: name,
      confidence: confidence(n),
      xyxy,
      center: [(xyxy[0] + xyxy[2]) / 2, (xyxy[1] + xyxy[3]) / 2] as [number, number],
    }));
    return { ...frame, detections: { tracked_objects } };
  });
}

export interface ShownResult {
  readonly number: number;
  /** Read anew at every request. */
  readonly frames: readonly ResultFrame[];
  readonly changes?: Partial<JobItem>;
  /** Of the video; none where it was removed. */
  readonly video?: { readonly bytes: Buffer; readonly type: string } | null;
}

/** The job, its frames, its timeline and its video. */
export function showResult(on: KioskServer, shown: ShownResult): JobItem {
  const { number, changes = {}, video } = shown;
  const id = jobId(number);
  const job = completedJob(number, {
    source_name: 'conveyor-line-2.mp4',
    source: sampleSource,
    summary: { frame_count: shown.frames.length, detection_count: 2934, classes, class_counts: {} },
    ...changes,
  });
  on.jobs = [...on.jobs, job];
  on.routes[`GET /v1/jobs/${id}`] = () => ({ status: 200, body: job });
  on.routes[`GET /v1/jobs/${id}/frames`] = ({ query }) => {
    const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
    const { frames } = shown;
    return { status: 200, body: { offset, limit, total: frames.length, frames: frames.slice(offset, offset + limit) } };
  };
  on.routes[`GET /v1/jobs/${id}/timeline`] = ({ query }) => {
    const span = new Span(Number(query.get('from') ?? 0), Number(query.get('to') ?? 14), Number(query.get('bins')));
    const asked = query.get('tool');
    for (const frame of shown.frames) {
      const found = objectsIn(frame).filter(({ tool }) => tool === null || tool === asked);
      span.add(frame.frame_index, frame.pts_s, found);
    }
    return { status: 200, body: span.timeline(id) };
  };
  const content = video === undefined ? { bytes: readFileSync(sampleVideo), type: 'video/mp4' } : video;
  on.routes[`GET /v1/jobs/${id}/video`] = (request) =>
    content === null ? { status: 404, body: { detail: 'Video not found' } } : part(content, request);
  return job;
}

function part({ bytes, type }: { bytes: Buffer; type: string }, { headers }: GivenRequest): GivenAnswer {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (!asked) return { status: 200, body: bytes, headers: { 'content-type': type, 'accept-ranges': 'bytes' } };
  const from = Number(asked[1]);
  const to = Math.min(asked[2] ? Number(asked[2]) : bytes.length - 1, bytes.length - 1);
  const range = `bytes ${from}-${to}/${bytes.length}`;
  return {
    status: 206,
    body: bytes.subarray(from, to + 1),
    headers: { 'content-type': type, 'accept-ranges': 'bytes', 'content-range': range },
  };
}

function distance(a: Box, b: Box): number {
  return Math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2;
}
