// What is pushed beside the jobs: previews of those that run, the machine's vitals, imports, the log. All bounded.
import type { ImportCopy } from '../../../appliance/contract/import-api.ts';
import type { PreviewView } from '../../../appliance/contract/preview.ts';
import type { LogLine, Vitals } from '../../../appliance/contract/system-api.ts';

const mostPreviews = 8;
const mostVitals = 360;
const mostLines = 500;

export class Pushed {
  /** The newest of each running job, by job id. */
  previews: ReadonlyMap<string, PreviewView> = $state.raw(new Map());
  /** Oldest first, of the last hour. */
  vitals: readonly Vitals[] = $state.raw([]);
  /** Null until something is known of them. */
  imports: readonly ImportCopy[] | null = $state.raw(null);
  /** Oldest first. */
  log: readonly LogLine[] = $state.raw([]);

  showPreview(preview: PreviewView): void {
    const others = [...this.previews].filter(([id]) => id !== preview.job_id);
    this.previews = new Map([...others, [preview.job_id, preview] as const].slice(-mostPreviews));
  }

  dropPreview(jobId: string): void {
    if (!this.previews.has(jobId)) return;
    this.previews = new Map([...this.previews].filter(([id]) => id !== jobId));
  }

  /** One that was pushed, or a whole hour that was asked for: each moment is kept once. */
  addVitals(...samples: readonly Vitals[]): void {
    const known = new Set(this.vitals.map(({ ts }) => ts));
    const all = [...this.vitals, ...samples.filter(({ ts }) => !known.has(ts))];
    this.vitals = all.sort((a, b) => a.ts - b.ts).slice(-mostVitals);
  }

  addLines(...lines: readonly LogLine[]): void {
    const known = new Set(this.log.map(({ n, ts }) => `${n} ${ts}`));
    const all = [...this.log, ...lines.filter(({ n, ts }) => !known.has(`${n} ${ts}`))];
    this.log = all.sort((a, b) => a.ts - b.ts || a.n - b.n).slice(-mostLines);
  }
}
