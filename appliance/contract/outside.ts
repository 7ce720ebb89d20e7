// Jobs of programs outside the appliance, which tell of them by the admin dialect: shown like any other, worked on elsewhere.
import { z } from 'zod';

export const OutsideJob = z.object({
  /** The program's own name of the job. */
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(200),
  video_id: z.string().max(500),
  metadata: z.record(z.string(), z.json()),
  /** What the program last said of it, in its own words. */
  status: z.string().max(200),
});
export type OutsideJob = Readonly<z.infer<typeof OutsideJob>>;
