// Jobs that another appliance has: the way there, and what must not be asked for here. Pure.
import type { JobItem } from '../../../appliance/contract/api.ts';

/** Null for a job of this appliance, and where the other one's address is not known. */
export function hrefThere({ appliance, job_id: id }: Pick<JobItem, 'appliance' | 'job_id'>): string | null {
  const url = appliance?.url ?? null;
  // It was told by another machine: nothing but an address of a page may come of it.
  return url !== null && /^https?:\/\//i.test(url) ? `${url.replace(/\/+$/, '')}/#/job/${id}` : null;
}

/** The page's policy lets in no picture of another host. */
export function posterOf({ appliance, poster_url: url }: Pick<JobItem, 'appliance' | 'poster_url'>): string | null {
  return appliance === null ? url : null;
}

/** Such as `videos.example.org`; null for a source that was brought. */
export function sourceHost({ source_url: url }: Pick<JobItem, 'source_url'>): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).host : null;
}
