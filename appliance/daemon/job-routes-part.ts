// The routes of jobs: how they come in, what is known of them, what was found.
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Lookout } from './jobs/lookout.ts';
import type { Models } from './models/models.ts';
import type { Database } from './record/database.ts';
import { JobSearch } from './record/job-search.ts';
import { Results } from './results/results.ts';
import { Timelines } from './results/timeline.ts';
import { historyRoutes } from './serve/history-routes.ts';
import { imageRoutes } from './serve/image-routes.ts';
import { jobRoutes } from './serve/job-routes.ts';
import { pictureRoutes } from './serve/picture-routes.ts';
import type { Route } from './serve/route.ts';
import { Tus } from './serve/tus.ts';
import { tusRoutes } from './serve/tus-routes.ts';
import { resumableFolder, Uploads, type UploadsOptions } from './serve/upload.ts';
import { videoRoutes } from './serve/video-routes.ts';

interface Neighbours {
  readonly folders: Folders;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly models: Models;
  readonly lookout: Lookout;
  readonly space: UploadsOptions['space'];
  readonly log: Log;
}

/** `tus` is opened, and closed, by the caller. */
export function makeJobRoutes(
  config: Config,
  { folders, database, jobs, models, lookout, space, log }: Neighbours,
): { routes: Route[]; tus: Tus } {
  const maxBytes = config.serve.max_upload_mb * 1024 * 1024;
  const shared = { jobsDir: folders.jobs, maxBytes, space, log };
  const uploads = new Uploads({ ...shared, uploadsDir: folders.uploads });
  const tus = new Tus({ ...shared, desk: jobs, uploads, models, folder: join(folders.uploads, resumableFolder) });
  const results = new Results({ jobsDir: folders.jobs });
  const timelines = new Timelines({ jobsDir: folders.jobs });
  const routes = [
    ...videoRoutes({ desk: jobs, uploads, models, results }),
    ...imageRoutes({ desk: jobs, uploads, models }),
    ...tusRoutes(tus),
    ...jobRoutes({ desk: jobs, results }),
    ...pictureRoutes({ desk: jobs, results, timelines, glance: (id) => lookout.glance(id) }),
    ...historyRoutes({ desk: jobs, search: new JobSearch(database), folder: folders.jobs }),
  ];
  return { routes, tus };
}
