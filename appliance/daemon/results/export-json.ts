// The result of one job as one JSON document, and as the older dialect's results. Frames are passed on as they were written.
import { toJobStatusView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';
import { asElements, lineBatches } from './lines.ts';
import type { Pieces } from './pieces.ts';

export async function* jsonPieces(job: Job, framesPath: string, signal?: AbortSignal): Pieces {
  const { id, pluginId, tools, model, source, summary } = job;
  const head = {
    job_id: id,
    status: 'completed',
    plugin_id: pluginId,
    ...toolNames(tools),
    model,
    source: source && toSource(source),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"frames":[`;
  yield* asElements(lineBatches(framesPath, { signal }));
  yield `],"summary":${JSON.stringify(summary)}}`;
}

/** `GET /v1/video/results/{id}`: its fields are null where the older dialect has them null. */
export async function* videoResultPieces(job: Job, framesPath: string, signal?: AbortSignal): Pieces {
  const { job_id, status, created_at, updated_at } = toJobStatusView(job);
  const tail = {
    tool: null,
    tool_list: null,
    job_type: null,
    error_message: null,
    progress: null,
    created_at,
    updated_at,
  };
  yield `${JSON.stringify({ job_id, status }).slice(0, -1)},"results":${resultsHead(job)}`;
  yield* asElements(lineBatches(framesPath, { signal }));
  yield `${resultsTail(job)}},${JSON.stringify(tail).slice(1)}`;
}

/** `{"plugin_id","tool","results":{"frames":[`, with `tools` of several: elements follow, then resultsTail and a brace. */
export function resultsHead({ pluginId, tools }: Job): string {
  return `${JSON.stringify({ plugin_id: pluginId, ...toolNames(tools) }).slice(0, -1)},"results":{"frames":[`;
}

export function resultsTail({ summary }: Job): string {
  return `],"summary":${JSON.stringify(summary)}}`;
}

/** `tools` only of several, the first of which is `tool` too. */
function toolNames(tools: Job['tools']) {
  return { tool: tools[0], ...(tools.length > 1 && { tools }) };
}

function toSource({ width, height, fps, duration_s, frames }: NonNullable<Job['source']>) {
  return { width, height, fps, duration_s, frames };
}
