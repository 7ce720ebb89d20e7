// Which jobs are about one video: files are told apart by their name and size, as nothing else of them is told. Pure.
import type { JobItem } from '../../../../appliance/contract/api.ts';

export function isSameVideo(a: JobItem, b: JobItem): boolean {
  const isHere = [a, b].every(({ appliance, outside }) => appliance === null && outside === null);
  return isHere && a.source_name === b.source_name && a.source_bytes === b.source_bytes;
}

/** Each once, the newest first. */
export function otherJobsOf(job: JobItem, jobs: readonly JobItem[]): readonly JobItem[] {
  const others = new Map(
    jobs
      .filter((other) => other.job_id !== job.job_id && isSameVideo(job, other))
      .map((other) => [other.job_id, other]),
  );
  return [...others.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}
