// What is wanted of the jobs that come next, and what is asked of the appliance for it. Pure.
import type { JobOptions } from '../../../appliance/contract/job-options.ts';
import type { PipelineView } from '../../../appliance/contract/pipeline-api.ts';
import type { MediaKind } from './media-kind.ts';

/** One or several tools of one plugin: they look at the same decode. */
export interface ToolChoice {
  readonly plugin: string;
  readonly tools: readonly string[];
}

export interface Choice extends Omit<JobOptions, 'pipeline'> {
  readonly video: ToolChoice;
  readonly picture: ToolChoice;
  /** Null: analyse alone. Of videos. */
  readonly pipeline: PipelineView | null;
}

/** What a submit says. */
export interface JobOrder extends ToolChoice {
  readonly options: JobOptions;
}

/** The plugin that comes with Vedette. */
export const ownPlugin = 'yolo-tracker';
export const detecting: ToolChoice = { plugin: ownPlugin, tools: ['video_player_detection'] };
export const tracking: ToolChoice = { plugin: ownPlugin, tools: ['video_player_tracking'] };
export const ofPictures: ToolChoice = { plugin: ownPlugin, tools: ['player_detection'] };

/** As it is set of the model in use. */
export const usualChoice: Choice = {
  video: detecting,
  picture: ofPictures,
  model: null,
  confidence: null,
  classes: null,
  pipeline: null,
  annotated: false,
};

export function orderFor(kind: MediaKind, choice: Choice): JobOrder {
  const { video, picture, pipeline, annotated, ...options } = choice;
  // A picture has no moments: there is nothing to cut, nor a video to draw boxes on.
  if (kind === 'picture') return { ...picture, options: { ...options, pipeline: null, annotated: false } };
  const made = { ...options, pipeline: pipeline?.name ?? null, annotated };
  return { ...(toolsOf(pipeline) ?? video), options: made };
}

/** Null: it leaves them to the submit. */
export function toolsOf(pipeline: PipelineView | null): ToolChoice | null {
  if (pipeline === null || pipeline.tools.length === 0) return null;
  return { plugin: pipeline.plugin_id ?? ownPlugin, tools: pipeline.tools };
}

/** The annotated video is made without being asked for. */
export function annotates(pipeline: PipelineView | null): boolean {
  return pipeline?.stages.some(({ stage }) => stage === 'annotating') ?? false;
}

export function same(one: ToolChoice, other: ToolChoice): boolean {
  return one.plugin === other.plugin && [...one.tools].sort().join() === [...other.tools].sort().join();
}
