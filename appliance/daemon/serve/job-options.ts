// What a submit asks of its job beside the tool: by which words, and whether the models can do it.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { JobOptions, noJobOptions, PipelineName } from '../../contract/job-options.ts';
import type { ModelView } from '../../contract/model-api.ts';
import type { Models } from '../models/models.ts';
import { nearNames, quoted, unknownClass } from '../models/near-names.ts';
import { decimal, toMistake, Unprocessable } from './mistakes.ts';
import { UnknownModel } from './unknown-model.ts';

export type OptionModels = Pick<Models, 'list' | 'seen'>;

const { model, classes } = JobOptions.shape;
/** As a query or a header writes it. */
export const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');

/** Of a query. */
export const optionQuery = {
  model: model.unwrap().optional().meta({ description: 'The job runs on this model, not on the one in use' }),
  confidence: decimal(0, 1).optional().meta({ description: 'Scores below are dropped' }),
  classes: classes.unwrap().optional().meta({ description: "Of these classes alone, by the model's own names" }),
  pipeline: PipelineName.optional().meta({ description: 'Of pipelines.yaml; what is done beside analysing' }),
  annotated: flag.optional().meta({ description: 'The video with boxes drawn on it is made as well' }),
};

/**
 * Fit for the models that are there; waits for one that no worker has loaded yet. Throws UnknownModel, or Fault
 * 'model-refused' for a model that cannot be used or lacks a class: with the names that are near.
 */
export async function checkedOptions(asked: Partial<JobOptions>, models: OptionModels): Promise<JobOptions> {
  const options = { ...noJobOptions, ...asked, classes: asked.classes ? [...new Set(asked.classes)] : null };
  if (options.model === null && options.classes === null) return options;
  const { name, state, reason, card } = await models.seen(nameOf(options.model, await models.list())).catch(gone);
  if (state === 'unusable') throw new Fault('model-refused', `The model "${name}" cannot be used: ${reason ?? ''}`);
  const mistake = unknownClass(options.classes ?? [], card?.classes ?? []);
  if (mistake !== null) throw new Fault('model-refused', mistake);
  return options;
}

/** Of Upload-Metadata. Throws Unprocessable. */
export function optionsIn(metadata: Readonly<Record<string, string | null>>): Partial<JobOptions> {
  const told = Object.entries({ ...metadata, classes: listed(metadata['classes']) });
  const written = Object.fromEntries(told.filter(([, value]) => value !== null && value !== undefined && value !== ''));
  const result = z.object(optionQuery).safeParse(written, { reportInput: true });
  if (!result.success) {
    throw new Unprocessable(result.error.issues.map((issue) => toMistake(issue, 'header', 'upload-metadata')));
  }
  return defined(result.data);
}

/** What was left out is not there. */
export function defined({
  model,
  confidence,
  classes,
  pipeline,
  annotated,
}: z.infer<z.ZodObject<typeof optionQuery>>): Partial<JobOptions> {
  return {
    ...(model === undefined ? {} : { model }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(classes === undefined ? {} : { classes }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(annotated === undefined ? {} : { annotated }),
  };
}

/** The same text for options that ask the same, as a part of what a submit is; none for those that ask nothing. */
export function optionsText({ model, confidence, classes, pipeline, annotated }: JobOptions): string {
  const made = pipeline === null && !annotated ? [] : [pipeline, annotated];
  if (model === null && confidence === null && classes === null && made.length === 0) return '';
  return `${JSON.stringify([model, confidence, classes && [...classes].sort(), ...made])}\n`;
}

function nameOf(wanted: string | null, models: readonly ModelView[]): string {
  const found = models.find((one) => (wanted === null ? one.in_use : one.name === wanted));
  if (found) return found.name;
  if (wanted === null) throw new Fault('model-refused', 'No model is in use that classes could be chosen from.');
  const near = nearNames(
    wanted,
    models.map(({ name }) => name),
  );
  throw new UnknownModel(`There is no model "${wanted}".${near.length > 0 ? ` Near: ${quoted(near)}.` : ''}`);
}

/** It went away in between. */
function gone(error: unknown): never {
  if (!(error instanceof Fault) || error.code !== 'model-not-found') throw error;
  throw new UnknownModel(error.message, { cause: error });
}

/** A JSON array, or names with commas between them. */
function listed(text: string | null | undefined): unknown {
  if (!text) return undefined;
  if (!text.trimStart().startsWith('[')) return text.split(',').map((name) => name.trim());
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // no list: the schema says so
  }
}
