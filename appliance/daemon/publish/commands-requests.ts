// What may be asked for over MQTT, checked. Pure.
import { z } from 'zod';
import { JobId } from '../../contract/job-id.ts';
import { Fault } from '../../contract/fault.ts';
import { ImportRequest } from '../../contract/import-api.ts';
import { SubmitUrlRequest } from '../../contract/submit-api.ts';

export const verbs = ['submit', 'cancel', 'retry'] as const;
export type Verb = (typeof verbs)[number];

/** One video of an import folder. */
export type ImportCommand = Omit<ImportRequest, 'folder' | 'paths'> & {
  readonly folder: string;
  readonly path: string;
};

/** `id`: the client's own name of this command, which stands in the answer. */
export type Request = { readonly id: string | number | null } & Wanted;

type Wanted =
  | { readonly kind: 'submit-url'; readonly request: SubmitUrlRequest }
  | { readonly kind: 'submit-import'; readonly request: ImportCommand }
  | { readonly kind: 'submit-button'; readonly name: string }
  | { readonly kind: 'cancel'; readonly jobId: string }
  | { readonly kind: 'cancel-running' }
  | { readonly kind: 'retry'; readonly jobId: string };

const Id = z.union([z.string().max(200), z.number()]).nullish();
const Envelope = z.looseObject({ id: Id });
const ImportWish = ImportRequest.omit({ folder: true, paths: true }).extend({
  import: z.strictObject({ folder: z.string().min(1).max(64), path: z.string().min(1).max(4096) }),
});
const ButtonWish = z.strictObject({ button: z.string().min(1).max(64) });
const CancelWish = z.strictObject({
  job_id: z.union([z.literal('running'), JobId], 'expected the id of a job, or running'),
});
const RetryWish = z.strictObject({ job_id: JobId });

/** The client's `id` alone, for an answer to what is not understood; null where there is none. */
export function idIn(text: string): Request['id'] {
  try {
    return Envelope.parse(JSON.parse(text)).id ?? null;
  } catch {
    return null; // what is wrong with it is told by `readRequest`
  }
}

/** Throws Fault 'command-malformed', which names every mistake. */
export function readRequest(verb: Verb, text: string): Request {
  const { id = null, ...wish } = checked(Envelope, parsed(text));
  return { id, ...readers[verb](wish) };
}

const readers = {
  submit: (wish) => {
    if ('button' in wish) return { kind: 'submit-button', name: checked(ButtonWish, wish).button };
    if (!('import' in wish)) return { kind: 'submit-url', request: checked(SubmitUrlRequest, wish) };
    const { import: place, ...rest } = checked(ImportWish, wish);
    return { kind: 'submit-import', request: { ...rest, ...place } };
  },
  cancel: (wish) => {
    const { job_id: jobId } = checked(CancelWish, wish);
    return jobId === 'running' ? { kind: 'cancel-running' } : { kind: 'cancel', jobId };
  },
  retry: (wish) => ({ kind: 'retry', jobId: checked(RetryWish, wish).job_id }),
} as const satisfies Record<Verb, (wish: Readonly<Record<string, unknown>>) => Wanted>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('command-malformed', 'expected JSON, such as {"job_id":"…"}', { cause });
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '));
  throw new Fault('command-malformed', mistakes.join('; ').slice(0, 1000));
}
