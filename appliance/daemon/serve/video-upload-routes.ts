// The 0.16.7 dialect's way in: a video is uploaded first, and named by as many jobs as want it.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { jobFiles } from '../../contract/frame.ts';
import { JobOptions } from '../../contract/job-options.ts';
import { json } from './answer.ts';
import type { Assignments } from './assignment.ts';
import { foundPlugin, type KnownPlugins } from './choose-tool.ts';
import type { JobDesk } from './job-desk.ts';
import { defined } from './job-options.ts';
import { readJson } from './json-body.ts';
import { missing, Unprocessable } from './mistakes.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';
import { stored } from './storage-fault.ts';
import type { VideoInputs } from './video-inputs.ts';

export interface VideoUploadOptions {
  readonly desk: JobDesk;
  readonly inputs: VideoInputs;
  readonly assignments: Assignments;
  readonly plugins: KnownPlugins;
  readonly jobsDir: string;
}

const Name = z.string().min(1).max(200);
/** One name, or several. */
const Names = z.union([Name.transform((name) => [name]), z.array(Name).max(20)]).nullish();
const { model, confidence, classes, pipeline } = JobOptions.shape;

const VideoJob = z.object({
  plugin_id: Name,
  video_path: z.string().max(1000),
  /** Any of these names the tools. */
  lockedTools: Names,
  tools: Names,
  tool: Names,
  logical_tool_id: Names,
  model: model.nullish(),
  confidence: confidence.nullish(),
  classes: classes.nullish(),
  pipeline: pipeline.unwrap().nullish(),
  annotated: z.boolean().nullish(),
});

type Asked = Pick<z.infer<typeof VideoJob>, 'model' | 'confidence' | 'classes' | 'pipeline' | 'annotated'>;

export function videoUploadRoutes({ desk, inputs, assignments, plugins, jobsDir }: VideoUploadOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/video/upload',
      summary: 'Upload a video for jobs to come; it is kept for a day',
      query: z.object({ plugin_id: z.string() }),
      body: { type: 'multipart/form-data', schema: z.object({ file: z.file() }) },
      answers: {
        200: { description: 'The path to name it by', schema: z.object({ video_path: z.string() }) },
        400: { description: 'Unknown plugin, or not a video', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        429: { description: 'Too many uploads are under way; see Retry-After', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async (request) => {
        const { plugin_id: name } = request.query;
        foundPlugin(plugins, name);
        return json({ video_path: await inputs.receive(request) });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/video/job',
      summary: 'Submit a video that was uploaded before',
      body: { type: 'application/json', schema: VideoJob },
      answers: {
        200: { description: 'The job was queued', schema: z.object({ job_id: z.uuid() }) },
        400: { description: 'Unknown plugin, tool, pipeline, model or class, or no such video', schema: Detail },
        429: { description: 'The queue is full; see Retry-After', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async ({ body }) => {
        const { plugin_id: plugin, video_path: path, logical_tool_id, ...told } = await readJson(body, VideoJob);
        const tools = [...(told.lockedTools ?? []), ...(told.tools ?? []), ...(told.tool ?? [])];
        const capabilities = logical_tool_id ?? [];
        if (tools.length + capabilities.length === 0 && !told.pipeline)
          throw new Unprocessable([missing('body', 'lockedTools')]);
        const wish = { plugin, tools, capabilities, input: 'video' as const, options: defined(asked(told)) };
        const assignment = await assignments.decide(wish);
        desk.admit();
        const id = randomUUID();
        const target = join(jobsDir, id, jobFiles.input);
        const { name, bytes, type } = await stored(inputs.put(path, target));
        try {
          desk.create({ id, ...assignment, sourceName: name, sourceBytes: bytes, sourceType: type });
        } catch (error) {
          await rm(dirname(target), { recursive: true, force: true });
          throw error;
        }
        return json({ job_id: id });
      },
    }),
  ];
}

/** Null is as good as nothing here. */
function asked({
  model: on,
  confidence: least,
  classes: of,
  pipeline: by,
  annotated,
}: Asked): Parameters<typeof defined>[0] {
  return {
    model: on ?? undefined,
    confidence: least ?? undefined,
    classes: of ?? undefined,
    pipeline: by ?? undefined,
    annotated: annotated ?? undefined,
  };
}
