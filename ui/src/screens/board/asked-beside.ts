// What a job asks for that is not what jobs mostly do. Pure.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { Say } from '../../words/language.svelte.ts';

/** The tool of which nothing is said where it is the only one. */
const usual = 'video_player_detection';

/** Such as `Model yolov8s`, `Detection`, `Tracking` and `Annotated video`; empty for a job that asks for nothing of its own. */
export function askedBeside(
  { options, tools, pipeline }: Pick<JobItem, 'options' | 'tools' | 'pipeline'>,
  { t, titleOf }: { readonly t: Say; readonly titleOf: (tool: string) => string },
): string[] {
  return [
    ...(options.model === null ? [] : [t('board.model', { model: options.model })]),
    ...(tools.length > 1 ? tools : tools.filter((tool) => tool !== usual)).map(titleOf),
    ...(pipeline === null ? [] : [t('board.pipeline', { name: pipeline })]),
    ...(options.annotated ? [t('board.with-annotated')] : []),
  ];
}
