// What Prometheus reads at /metrics. Labels come from closed lists only, so their number is bounded.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isFinal } from '../contract/job.ts';
import { measureStages } from './metrics-stages.ts';
import type { EventStream } from './publish/stream.ts';
import type { Pulse } from './pulse.ts';
import type { Disk } from './storage/disk.ts';

export interface MetricSources {
  readonly version: string;
  readonly stream: EventStream;
  readonly pulse: Pulse;
  readonly progressWrites: () => number;
  readonly counts: () => { readonly pending: number; readonly running: number };
  readonly liveClients: () => number;
  readonly clientsCut: () => number;
  readonly previews: () => { readonly told: number; readonly dropped: number };
  readonly outbox: () => { readonly size: number; readonly dropped: number };
  readonly redisDropped: () => number;
  readonly webhooks: () => { readonly waiting: number; readonly dead: number };
  readonly disk: Pick<Disk, 'numbers' | 'low'>;
}

export function openMetrics({
  version,
  stream,
  pulse,
  progressWrites,
  counts,
  liveClients,
  clientsCut,
  previews,
  outbox,
  redisDropped,
  webhooks,
  disk,
}: MetricSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  new Gauge({ name: 'vedette_build_info', help: 'Always 1', labelNames: ['version'], registers }).set({ version }, 1);
  new Gauge({
    name: 'vedette_jobs',
    help: 'Jobs that wait or run',
    labelNames: ['status'],
    registers,
    collect() {
      const { pending, running } = counts();
      this.set({ status: 'pending' }, pending);
      this.set({ status: 'running' }, running);
    },
  });
  gauge('vedette_live_clients', 'Socket.IO clients connected', liveClients);
  counter(
    'vedette_live_clients_cut_total',
    'Socket.IO clients cut because they did not read or asked too much',
    clientsCut,
  );
  new Counter({
    name: 'vedette_previews_total',
    help: 'Pictures of running jobs pushed to Socket.IO clients, or left out for those that were behind',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { told, dropped } = previews();
      this.reset();
      this.inc({ outcome: 'told' }, told);
      this.inc({ outcome: 'dropped' }, dropped);
    },
  });
  gauge('vedette_mqtt_outbox_topics', 'MQTT topics whose newest state has not reached the broker', () => outbox().size);
  counter('vedette_mqtt_outbox_dropped_total', 'MQTT states given up', () => outbox().dropped);

  counter('vedette_redis_events_dropped_total', 'Events that Redis took too slowly for', redisDropped);
  gauge('vedette_webhook_messages_waiting', 'Messages on their way to webhooks', () => webhooks().waiting);
  gauge('vedette_webhook_messages_dead', 'Messages to webhooks that were given up', () => webhooks().dead);

  gauge('vedette_disk_free_bytes', 'Of the data folder, as last seen', () => disk.numbers?.free ?? 0);
  gauge('vedette_disk_low', '1 while uploads or jobs wait for room on the disk', () => (disk.low ? 1 : 0));
  new Gauge({
    name: 'vedette_disk_class_bytes',
    help: 'Held in the data folder, by what it is',
    labelNames: ['class'],
    registers,
    collect() {
      const { uploads = 0, artifacts = 0, backups = 0 } = disk.numbers ?? {};
      this.set({ class: 'uploads' }, uploads);
      this.set({ class: 'artifacts' }, artifacts);
      this.set({ class: 'backups' }, backups);
    },
  });

  counter('vedette_progress_writes_total', 'Rows written for progress alone', progressWrites);
  gauge('vedette_event_loop_delay_p99_seconds', 'Since the scrape before, or the start', () => {
    const delay = pulse.delayMs(99) / 1000;
    pulse.reset();
    return delay;
  });

  measureStages(registry, stream);
  const ended = new Counter({
    name: 'vedette_jobs_ended_total',
    help: 'Jobs that ended, by how',
    labelNames: ['status'],
    registers,
  });
  const frames = new Counter({ name: 'vedette_frames_total', help: 'Frames analysed in completed jobs', registers });
  const seconds = new Histogram({
    name: 'vedette_job_seconds',
    help: 'From the start of a completed job to its end',
    buckets: [1, 5, 15, 60, 300, 900, 3600, 14_400],
    registers,
  });
  stream.on('job-changed', ({ job }) => {
    if (!isFinal(job.status) || job.outside !== null) return;
    ended.inc({ status: job.status });
    if (job.status !== 'completed') return;
    frames.inc(job.currentFrame);
    if (job.startedAt !== null && job.completedAt !== null) seconds.observe((job.completedAt - job.startedAt) / 1000);
  });
  return registry;

  /** `read`: grows only. */
  function counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
}
