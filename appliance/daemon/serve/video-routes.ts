// The older video dialect: submit, the status that clients poll, and the results.
import { z } from 'zod';
import { isoTime, JobStatusView, toJobStatusView } from '../../contract/api.ts';
import { Fault } from '../../contract/fault.ts';
import { findPlugin, findTool, type ToolManifest } from '../../contract/plugins.ts';
import type { Results } from '../results/results.ts';
import { json, jsonType, stream } from './answer.ts';
import { foundJob, type JobDesk } from './job-desk.ts';
import { Unprocessable } from './mistakes.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail, SubmitAnswer, VideoResults } from './schemas.ts';
import type { Uploads } from './upload.ts';

export interface VideoRoutesOptions {
  readonly desk: JobDesk;
  readonly uploads: Uploads;
  readonly results: Results;
}

export function videoRoutes({ desk, uploads, results }: VideoRoutesOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/video/submit',
      summary: 'Submit a video',
      query: z.object({ plugin_id: z.string(), tool: z.array(z.string()).min(1) }),
      body: { type: 'multipart/form-data', schema: z.object({ file: z.file() }) },
      answers: {
        200: { description: 'The job was queued', schema: SubmitAnswer },
        400: { description: 'Unknown plugin or tool, or not a video', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        429: { description: 'The queue is full; see Retry-After', schema: Detail },
        503: { description: 'The upload cannot be stored', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async (request) => {
        const { plugin_id: pluginName, tool: toolNames } = request.query;
        const { pluginId, tool } = chooseTool(pluginName, toolNames);
        desk.admit();
        const job = await uploads.receive(request, ({ id, name, bytes, type }) => {
          // Others may have taken the last place while this one was coming in.
          desk.admit();
          return desk.create({
            id,
            pluginId,
            tool: tool.id,
            jobType: 'video',
            sourceName: name,
            sourceBytes: bytes,
            sourceType: type,
          });
        });
        const submitted_at = isoTime(job.createdAt);
        return json({ job_id: job.id, plugin: pluginName, tool: toolNames[0], status: 'queued', submitted_at });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/video/status/{job_id}',
      summary: 'Status of a job, for clients that poll; others watch it over Socket.IO',
      deprecated: true,
      params: jobParams,
      answers: {
        200: { description: 'Status and progress', schema: JobStatusView },
        304: { description: 'Nothing changed since the ETag in If-None-Match' },
        404: { description: 'Job not found', schema: Detail },
      },
      handle: ({ params }) => {
        const view = toJobStatusView(foundJob(desk, params.job_id));
        // Everything in the answer that can change.
        return json(view, { etag: `"${view.status}-${view.progress ?? ''}-${view.updated_at}"` });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/video/results/{job_id}',
      summary: 'All frames of a completed job',
      params: jobParams,
      answers: {
        200: { description: 'The results', schema: VideoResults },
        404: { description: 'Job not found, or not completed', schema: Detail },
      },
      handle: ({ params, signal }) => {
        const job = foundJob(desk, params.job_id);
        if (job.status !== 'completed') throw new Fault('job-not-completed', 'Job not completed');
        return stream(results.videoResults(job, signal), jsonType);
      },
    }),
  ];
}

/** Checks in the order of the older dialect, whose error texts these are. */
function chooseTool(pluginName: string, toolNames: readonly string[]): { pluginId: string; tool: ToolManifest } {
  const plugin = findPlugin(pluginName);
  if (!plugin) throw new Fault('plugin-not-found', `Plugin '${pluginName}' not found`);
  const tools = toolNames.map((name) => {
    const tool = findTool(plugin, name);
    const available = pythonList(plugin.tools.map(({ id }) => id));
    if (tool) return tool;
    throw new Fault('tool-not-found', `Tool '${name}' not found in plugin '${pluginName}'. Available: ${available}`);
  });
  for (const [at, { input_types: types }] of tools.entries()) {
    if (types.includes('video')) continue;
    const name = toolNames[at] ?? '';
    const problem = `Tool '${name}' does not support video input (input_types: ${pythonList(types)})`;
    throw new Fault('tool-input-mismatch', problem);
  }
  const [tool, second] = tools;
  if (!tool || second) {
    const msg = 'This release runs one tool a job';
    throw new Unprocessable([{ type: 'too_many', loc: ['query', 'tool'], msg, input: toolNames }]);
  }
  return { pluginId: plugin.id, tool };
}

function pythonList(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
