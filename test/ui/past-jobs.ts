// An appliance with as many finished jobs as a test wants, which can be looked for and deleted.
import type { HistoryItem, HistoryPage } from '../../appliance/contract/history-api.ts';
import { encodePng } from '../../appliance/worker/encode-png.ts';
import { completedJob } from './job-item.ts';
import type { GivenRequest, KioskServer } from './kiosk-server.ts';

const places = ['north-gate', 'harbour-cam', 'loading-dock', 'main-stand', 'IMG'] as const;
const kinds = [['person', 'car'], ['boat', 'bird'], ['truck', 'person'], ['sports ball'], ['dog']] as const;

export class PastJobs {
  /** Newest first. */
  items: HistoryItem[];
  /** Every request for a page, as it came. */
  readonly asked: URLSearchParams[] = [];
  /** The ids of every request for a deletion. */
  readonly deletions: string[][] = [];
  /** Why a job stays, by its id. */
  readonly stubborn = new Map<string, string>();
  /** A deletion is answered only after this. */
  deleting: Promise<void> = Promise.resolve();

  constructor(count: number) {
    this.items = Array.from({ length: count }, (_, index) => pastJob(count - index));
  }

  /** As the appliance does: a snapshot tells of the newest hundred. */
  serve(on: KioskServer): void {
    on.jobs = this.items.slice(0, 100);
    on.routes['GET /v1/history'] = ({ query }) => ({ status: 200, body: this.page(query) });
    on.routes['POST /v1/history/delete'] = async (request) => {
      await this.deleting;
      return { status: 200, body: { results: this.#delete(request, on) } };
    };
    const posters = scenes();
    on.routes['GET /v1/jobs/*'] = async ({ path }) => ({
      status: 200,
      body: (await posters)[Number(/(\d)\/poster$/.exec(path)?.[1]) % kinds.length],
      headers: { 'content-type': 'image/png' },
    });
  }

  page(query: URLSearchParams): HistoryPage {
    this.asked.push(query);
    const said = (name: string): string | null => query.get(name);
    const words = (said('q') ?? '').toLowerCase().split(/\s+/);
    const statuses: readonly string[] = query.getAll('status');
    const fitting = this.items.filter(
      (job) =>
        words.every((word) => job.source_name.toLowerCase().includes(word)) &&
        (statuses.length === 0 || statuses.includes(job.status)) &&
        [null, job.model?.name].includes(said('model')) &&
        (said('class') === null || job.summary?.classes.includes(said('class') ?? '') === true) &&
        job.created_at >= (said('from') ?? '') &&
        job.created_at <= (said('to') ?? '9'),
    );
    const skip = Number(said('skip'));
    return { jobs: fitting.slice(skip, skip + Number(said('limit'))), count: fitting.length };
  }

  #delete({ body }: GivenRequest, on: KioskServer): unknown[] {
    const { job_ids: ids } = JSON.parse(body.toString()) as { job_ids: string[] };
    this.deletions.push(ids);
    return ids.map((job_id) => {
      const detail = this.stubborn.get(job_id) ?? null;
      if (detail !== null) return { job_id, status: 'failed', detail };
      this.items = this.items.filter((job) => job.job_id !== job_id);
      on.remove(job_id);
      return { job_id, status: 'deleted', detail };
    });
  }
}

export function pastJob(number: number, changes: Partial<HistoryItem> = {}): HistoryItem {
  const [place, classes] = [places[number % 5] ?? '', kinds[number % 5] ?? []];
  const job = completedJob(number, {
    source_name: `${place}-${String(number).padStart(4, '0')}.mp4`,
    summary: { frame_count: 2350, detection_count: number * 7, classes: [...classes], class_counts: {} },
  });
  const poster_url = `/v1/jobs/${job.job_id}/poster`;
  const failed = { status: 'failed', summary: null, error_message: 'The file holds no video.' } as const;
  return { ...job, poster_url, disk_bytes: 12_000_000, ...(number % 9 === 0 ? failed : {}), ...changes };
}

/** Some scenes, as small as posters on a row. */
function scenes(): Promise<Buffer[]> {
  const [width, height] = [160, 96];
  return Promise.all(
    kinds.map((_, scene) => {
      const plane = (light: number) =>
        Buffer.from(
          Uint8Array.from({ length: width * height }, (_, at) =>
            at > width * 60 ? light / 2 : light + (at % width) / 4,
          ),
        );
      const pixels = Buffer.concat([70 + scene * 18, 90, 120 - scene * 14].map(plane));
      return encodePng({ width, height, stride: width, pixels });
    }),
  );
}
