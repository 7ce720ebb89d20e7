// MQTT as text: the names of the topics and what is published on them. Pure.
import type { SystemView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';

export interface Topics {
  /** Everything of this appliance is below it. */
  readonly base: string;
  readonly availability: string;
  readonly status: string;
  /** What others may publish to. */
  readonly commands: string;
  /** Where commands are answered that name no place for it. */
  readonly reply: string;
  /** What home automation shows of the moment, in one. */
  readonly state: string;
  /** What became of the last job. */
  readonly last: string;
  /** JPEG of the last job. */
  readonly poster: string;
  /** JPEGs of what a running job sees, not retained. */
  readonly preview: string;
  job(id: string): string;
  result(id: string): string;
}

export function topicsOf(prefix: string, node: string): Topics {
  const base = `${prefix}/${toNodeName(node)}`;
  return {
    base,
    availability: `${base}/availability`,
    status: `${base}/status`,
    commands: `${base}/cmd`,
    reply: `${base}/cmd/reply`,
    state: `${base}/state`,
    last: `${base}/last`,
    poster: `${base}/poster`,
    preview: `${base}/preview`,
    job: (id) => `${base}/job/${id}`,
    result: (id) => `${base}/job/${id}/result`,
  };
}

/** One level of a topic, so without `/`, and without the wildcards `+` and `#` (MQTT 3.1.1, 4.7.1). */
export function toNodeName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .slice(0, 64);
  return /[a-z0-9]/.test(name) ? name : 'vedette';
}

/** The same at every start, so that a broker takes the new connection for the old one's successor. */
export function toClientId(node: string): string {
  return `vedette-${toNodeName(node)}`;
}

/** `boot` changes at every start of the daemon; within one boot the higher `seq` is the newer. */
export function toJobPayload(job: Job, boot: string): string {
  return JSON.stringify({
    v: 1,
    ts: job.reportedAt,
    boot,
    seq: job.seq,
    status: job.status,
    progress: job.progress,
    stage: job.stage,
    current_frame: job.currentFrame,
    total_frames: job.totalFrames,
    fps: job.fps,
    eta_s: job.etaS,
    error: job.error?.message ?? null,
  });
}

/** `url` is a path on the appliance: it cannot know by which name a subscriber reaches it. */
export function toResultPayload(job: Job): string {
  return JSON.stringify({ url: `/v1/jobs/${job.id}/result`, summary: job.summary });
}

export function toStatusPayload({ state, reasons, version, uptime_s }: SystemView): string {
  return JSON.stringify({ state, reasons, version, uptime_s });
}
