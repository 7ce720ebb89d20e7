// What a source is to become, in the words of the ways in which it may be sent. Pure.
import type { ImportRequest } from '../../../appliance/contract/import-api.ts';
import type { SubmitUrlRequest } from '../../../appliance/contract/submit-api.ts';
import type { JobOrder } from '../state/choice.ts';
import type { Errand } from '../state/upload.ts';

export type JobErrand = Exclude<Errand, { readonly kind: 'model' }>;

/** Of a simple submit. */
export function querySent({ plugin, tools, options }: JobOrder): string {
  const { model, confidence, classes, pipeline, annotated } = options;
  const query = new URLSearchParams({ plugin_id: plugin });
  for (const tool of tools) query.append('tool', tool);
  if (model !== null) query.set('model', model);
  if (confidence !== null) query.set('confidence', String(confidence));
  for (const name of classes ?? []) query.append('classes', name);
  if (pipeline !== null) query.set('pipeline', pipeline);
  if (annotated) query.set('annotated', 'true');
  return query.toString();
}

/** Of a resumable upload; the library writes it in base64. */
export function metadataSent(name: string, { plugin, tools, options }: JobOrder): Record<string, string> {
  const { model, confidence, classes, pipeline, annotated } = options;
  return {
    filename: name,
    plugin_id: plugin,
    tool: tools.join(','),
    ...(model === null ? {} : { model }),
    ...(confidence === null ? {} : { confidence: String(confidence) }),
    ...(classes === null ? {} : { classes: JSON.stringify(classes) }),
    ...(pipeline === null ? {} : { pipeline }),
    ...(annotated ? { annotated: 'true' } : {}),
  };
}

/** Of videos that are taken in from a folder of the appliance. */
export function importSent(folder: string, paths: readonly string[], order: JobOrder): ImportRequest {
  const { plugin, tools, options } = order;
  return { folder, paths: [...paths], plugin_id: plugin, tool: [...tools], options };
}

/** Of a video that the appliance downloads itself. */
export function urlSent(url: string, { plugin, tools, options }: JobOrder): SubmitUrlRequest {
  const { model, confidence, classes, pipeline, annotated } = options;
  return {
    url,
    plugin_id: plugin,
    tools: [...tools],
    ...(model === null ? {} : { model }),
    ...(confidence === null ? {} : { confidence }),
    ...(classes === null ? {} : { classes }),
    ...(pipeline === null ? {} : { pipeline }),
    ...(annotated ? { annotated } : {}),
  };
}
