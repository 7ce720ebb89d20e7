// Jobs and systems as the wire shows them, for tests of the screen.
import type { JobItem, ProgressView, SystemView } from '../../appliance/contract/api.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { plainStages } from '../../appliance/contract/progress.ts';

const origin = Date.UTC(2026, 4, 12, 9, 0, 0);

const fullHd: JobItem['source'] = {
  container: 'mp4',
  codec: 'h264',
  width: 1920,
  height: 1080,
  rotation: 0,
  fps: 25,
  duration_s: 94,
  frames: 2350,
};

/** The id of the `number`th job. */
export function jobId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** ISO time, `seconds` after the first job. */
export function at(seconds: number): string {
  return new Date(origin + seconds * 1000).toISOString();
}

/** A pending job, made `number` minutes after the origin. */
export function jobItem(number: number, changes: Partial<JobItem> = {}): JobItem {
  const id = jobId(number);
  return {
    job_id: id,
    appliance: null,
    status: 'pending',
    plugin_id: 'yolo-tracker',
    plugin: 'yolo-tracker',
    tool: 'video_player_detection',
    tool_list: null,
    job_type: 'video',
    source_name: `video-${number}.mp4`,
    source_bytes: 48_200_000,
    source: null,
    model: null,
    summary: null,
    result_url: null,
    poster_url: null,
    tools: ['video_player_detection'],
    options: noJobOptions,
    pipeline: null,
    stages: [...plainStages],
    source_url: null,
    annotated_url: null,
    clips: [],
    deliveries: [],
    outside: null,
    queue_rank: number,
    error_code: null,
    error_message: null,
    error: null,
    progress: 0,
    indeterminate: false,
    held: null,
    current_tool: null,
    tools_total: 1,
    tools_completed: 0,
    stage: 'queued',
    current_frame: 0,
    total_frames: null,
    fps: null,
    eta_s: null,
    warnings: [],
    seq: 1,
    ts: origin,
    created_at: at(number * 60),
    updated_at: at(number * 60),
    started_at: null,
    completed_at: null,
    ...changes,
  };
}

export function runningJob(number: number, changes: Partial<JobItem> = {}): JobItem {
  return jobItem(number, {
    status: 'running',
    progress: 42,
    stage: 'analyzing',
    source: fullHd,
    model: { name: 'yolov8n', sha256: 'ab'.repeat(32), provider: 'cpu' },
    current_tool: 'video_player_detection',
    current_frame: 1268,
    total_frames: 3000,
    fps: 28.43,
    eta_s: 61,
    seq: 50,
    ...changes,
  });
}

export function completedJob(number: number, changes: Partial<JobItem> = {}): JobItem {
  const item = jobItem(number);
  return {
    ...item,
    status: 'completed',
    progress: 100,
    stage: 'completed',
    seq: 90,
    source: fullHd,
    model: { name: 'yolov8n', sha256: 'ab'.repeat(32), provider: 'cpu' },
    summary: {
      frame_count: 2350,
      detection_count: 18_204,
      classes: ['person', 'sports ball'],
      class_counts: { person: 17_000, 'sports ball': 1204 },
    },
    result_url: `/v1/jobs/${item.job_id}/result`,
    started_at: at(number * 60 + 20),
    completed_at: at(number * 60 + 80),
    updated_at: at(number * 60 + 80),
    ...changes,
  };
}

export function progressOf(job: JobItem, changes: Partial<ProgressView>): ProgressView {
  const { job_id, status, progress, indeterminate, held, stage } = job;
  const { current_frame, total_frames, fps, eta_s, seq, ts } = job;
  const known = {
    job_id,
    status,
    progress,
    indeterminate,
    held,
    stage,
    current_frame,
    total_frames,
    fps,
    eta_s,
    seq,
    ts,
  };
  return { ...known, ...changes };
}

export function systemView(changes: Partial<SystemView> = {}): SystemView {
  return {
    version: '0.1.0',
    node: 'gate-north',
    boot: 'b1',
    state: 'ok',
    reasons: [],
    uptime_s: 4000,
    model: {
      name: 'yolov8n',
      sha256: 'ab'.repeat(32),
      provider: 'cpu',
      classes: ['person', 'sports ball'],
      building: null,
    },
    mqtt: { mode: 'embedded', connected: true },
    jobs: { pending: 0, running: 0 },
    disk: null,
    ...changes,
  };
}
