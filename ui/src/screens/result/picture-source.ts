// Where the picture of a job comes from, and why the browser does not show it.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { Access } from '../../state/access.svelte.ts';
import type { Appliance } from '../../wire/appliance.ts';

/**
 * `unplayable`: it is there, but not in a form that this browser plays. `gone`: it was removed. `away`: no answer.
 * `coming`: it is still being downloaded. `never`: nor was it ever here.
 */
export type PictureTrouble = 'unplayable' | 'gone' | 'away' | 'coming' | 'never';

export interface PictureSourceOptions {
  readonly access: Access;
  readonly appliance: Pick<Appliance, 'openSession'>;
}

/** What is known of it without asking: a video by its address is not there before it was downloaded. */
export function troubleOf({ source_url, source, status }: Pick<JobItem, 'source_url' | 'source' | 'status'>) {
  if (source_url === null || source !== null) return null;
  return status === 'pending' || status === 'running' ? 'coming' : 'never';
}

/** The video that was submitted, or the picture. */
export function pictureUrl(jobId: string): string {
  return `/v1/jobs/${jobId}/video`;
}

/** Asks for its first byte, since a video element does not tell what was answered; null: it is there now, try again. */
export async function troubleWith(
  url: string,
  { access, appliance }: PictureSourceOptions,
): Promise<PictureTrouble | null> {
  try {
    // Without the key, as the element asked: only a session lets that in.
    const { status } = await fetch(url, { headers: { range: 'bytes=0-0' } });
    if (status === 404) return 'gone';
    if (status === 401 && access.key !== null) {
      await appliance.openSession();
      return null;
    }
    return status < 400 ? 'unplayable' : 'away';
  } catch {
    // No answer, or no session: either way the picture cannot be had now.
    return 'away';
  }
}
