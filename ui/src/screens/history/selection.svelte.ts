// The jobs that are picked to be removed together.
import { SvelteMap } from 'svelte/reactivity';
import type { HistoryItem } from '../../../../appliance/contract/history-api.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';
import type { Asked } from './filters.ts';
import { mostRows } from './history.svelte.ts';

/** What is known of one that goes. */
export interface Picked {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

const pageSize = 100;

export class Selection {
  /** True while rows are picked instead of opened. */
  on = $state(false);
  readonly picked = new SvelteMap<string, Picked>();
  /** What they hold on the disk. */
  readonly bytes: number = $derived([...this.picked.values()].reduce((sum, one) => sum + one.bytes, 0));
  /** True while all that fit are looked up. */
  gathering = $state(false);
  problem = $state.raw<Refused | null>(null);

  readonly #appliance: Pick<Appliance, 'history'>;
  #asking: AbortController | null = null;

  constructor(appliance: Pick<Appliance, 'history'>) {
    this.#appliance = appliance;
  }

  begin(item: HistoryItem | null = null): void {
    this.on = true;
    if (item) this.toggle(item);
  }

  end(): void {
    this.on = false;
    this.clear();
  }

  clear(): void {
    this.#asking?.abort();
    this.picked.clear();
    this.problem = null;
  }

  toggle(item: HistoryItem): void {
    if (this.picked.has(item.job_id)) this.picked.delete(item.job_id);
    else if (isFinished(item)) this.picked.set(item.job_id, pickedOf(item));
  }

  forget(ids: ReadonlySet<string>): void {
    for (const id of ids) this.picked.delete(id);
  }

  /** All finished jobs that fit, those too that are not loaded: at most as many as a list shows. */
  async all(asked: Asked): Promise<void> {
    this.clear();
    const asking = new AbortController();
    this.#asking = asking;
    this.gathering = true;
    try {
      for (let skip = 0; skip < mostRows; skip += pageSize) {
        const { jobs, count } = await this.#appliance.history({ ...asked, limit: pageSize, skip }, asking.signal);
        for (const job of jobs.filter(isFinished)) this.picked.set(job.job_id, pickedOf(job));
        if (skip + pageSize >= count) break;
      }
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.refused;
    } finally {
      if (this.#asking === asking) this.gathering = false;
    }
  }

  close(): void {
    this.#asking?.abort();
  }
}

/** Only those can be removed; others are cancelled first. */
export function isFinished({ status }: Pick<HistoryItem, 'status'>): boolean {
  return status !== 'pending' && status !== 'running';
}

export function pickedOf({ job_id, source_name, disk_bytes }: HistoryItem): Picked {
  return { id: job_id, name: source_name, bytes: disk_bytes };
}
