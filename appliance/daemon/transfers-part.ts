// Downloads and deliveries as the settings and pipelines.yaml want them.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Carriers } from './jobs/transfers.ts';
import { Results } from './results/results.ts';
import { Deliveries } from './transfers/deliveries.ts';
import { Downloads, type Room } from './transfers/downloads.ts';
import { openTargets } from './transfers/open-targets.ts';
import { UrlCheck } from './transfers/url-check.ts';
import { UrlPolicy } from './transfers/url-policy.ts';

export interface TransfersPart {
  readonly carriers: Carriers;
  /** Throws Fault 'source-url-refused'. A name that is not known, or not at once, is told by the job. */
  checkUrl(url: string): Promise<URL>;
  close(): void;
}

export async function openTransfers(
  config: Config,
  { folders, space, log }: { readonly folders: Folders; readonly space: Room; readonly log: Log },
): Promise<TransfersPart> {
  const { downloads: wanted, book } = config;
  const policy = new UrlPolicy(wanted, { log });
  const check = new UrlCheck({ policy });
  const downloads = new Downloads({
    policy,
    maxBytes: Math.round(wanted.max_mb * 1024 * 1024),
    stallMs: wanted.stall_s * 1000,
    atOnce: wanted.at_once,
    giveUpMs: wanted.give_up_min * 60_000,
    space,
    log,
  });
  const results = new Results({ jobsDir: folders.jobs });
  const deliveries = new Deliveries({
    targets: await openTargets(book.targets),
    result: (job, signal) => results.export(job, 'json', signal).chunks,
    log,
  });
  return {
    carriers: {
      atOnce: wanted.at_once,
      fetch: (work) => downloads.fetch(work),
      drop: (folder) => downloads.drop(folder),
      deliver: (work) => deliveries.deliver(work),
    },
    checkUrl: (url) => check.check(url),
    close: () => deliveries.close(),
  };
}
