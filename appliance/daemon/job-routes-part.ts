// The routes of jobs: how they come in, what is known of them, what was found.
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Lookout } from './jobs/lookout.ts';
import type { Database } from './record/database.ts';
import type { PluginCatalogue } from './plugins/catalogue.ts';
import { JobSearch } from './record/job-search.ts';
import { Results } from './results/results.ts';
import { Timelines } from './results/timeline.ts';
import type { Assignments } from './serve/assignment.ts';
import { clipRoutes } from './serve/clip-routes.ts';
import { historyRoutes } from './serve/history-routes.ts';
import { imageRoutes } from './serve/image-routes.ts';
import { jobRoutes } from './serve/job-routes.ts';
import { pictureRoutes } from './serve/picture-routes.ts';
import { productRoutes } from './serve/product-routes.ts';
import type { Route } from './serve/route.ts';
import { Tus } from './serve/tus.ts';
import { tusRoutes } from './serve/tus-routes.ts';
import { keptFolder, resumableFolder, Uploads, type UploadsOptions } from './serve/upload.ts';
import { VideoInputs } from './serve/video-inputs.ts';
import { videoRoutes } from './serve/video-routes.ts';
import { videoUploadRoutes } from './serve/video-upload-routes.ts';

interface Neighbours {
  readonly folders: Folders;
  readonly database: Database;
  readonly jobs: Jobs;
  readonly assignments: Assignments;
  readonly plugins: PluginCatalogue;
  readonly lookout: Lookout;
  readonly space: UploadsOptions['space'];
  readonly log: Log;
}

/** `tus` and `inputs` are opened, and closed, by the caller. */
export function makeJobRoutes(
  config: Config,
  { folders, database, jobs, assignments, plugins, lookout, space, log }: Neighbours,
): { routes: Route[]; tus: Tus; inputs: VideoInputs } {
  const maxBytes = config.serve.max_upload_mb * 1024 * 1024;
  const shared = { jobsDir: folders.jobs, maxBytes, space, log };
  const uploads = new Uploads({ ...shared, uploadsDir: folders.uploads });
  const tus = new Tus({ ...shared, desk: jobs, uploads, assignments, folder: join(folders.uploads, resumableFolder) });
  const inputs = new VideoInputs({ uploads, folder: join(folders.uploads, keptFolder), mostBytes: 2 * maxBytes, log });
  const results = new Results({ jobsDir: folders.jobs });
  const timelines = new Timelines({ jobsDir: folders.jobs });
  const routes = [
    ...videoRoutes({ desk: jobs, uploads, assignments, results }),
    ...videoUploadRoutes({ desk: jobs, inputs, assignments, plugins, jobsDir: folders.jobs }),
    ...imageRoutes({ desk: jobs, uploads, assignments }),
    ...tusRoutes(tus),
    ...jobRoutes({ desk: jobs, results }),
    ...productRoutes({ desk: jobs, results }),
    ...clipRoutes({ desk: jobs, results }),
    ...pictureRoutes({ desk: jobs, results, timelines, glance: (id) => lookout.glance(id) }),
    ...historyRoutes({ desk: jobs, search: new JobSearch(database), folder: folders.jobs }),
  ];
  return { routes, tus, inputs };
}
