// What a file is to become, in the words of the two ways in which it may be sent. Pure.
import type { Errand } from '../state/upload.ts';

export type JobErrand = Exclude<Errand, { readonly kind: 'model' }>;

const plugin = 'yolo-tracker';

/** Of a simple submit. */
export function querySent({ tool, options: { model, confidence, classes } }: JobErrand): string {
  const query = new URLSearchParams({ plugin_id: plugin, tool });
  if (model !== null) query.set('model', model);
  if (confidence !== null) query.set('confidence', String(confidence));
  for (const name of classes ?? []) query.append('classes', name);
  return query.toString();
}

/** Of a resumable upload; the library writes it in base64. */
export function metadataSent(name: string, { tool, options }: JobErrand): Record<string, string> {
  const { model, confidence, classes } = options;
  return {
    filename: name,
    plugin_id: plugin,
    tool,
    ...(model === null ? {} : { model }),
    ...(confidence === null ? {} : { confidence: String(confidence) }),
    ...(classes === null ? {} : { classes: JSON.stringify(classes) }),
  };
}
