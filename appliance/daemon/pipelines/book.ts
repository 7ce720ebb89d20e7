// pipelines.yaml as it is written: pipelines by name, and the targets that they deliver to.
import { z } from 'zod';
import { PipelineName } from '../../contract/job-options.ts';
import { ClipRule } from '../../contract/plan.ts';
import { readSecret } from './secret.ts';

/** A variable of the environment. */
export type Variable = (name: string) => string | undefined;

const Weight = z.number().min(0).max(1000);
const Name = z.string().min(1).max(200);

/** `package:` alone, or its weight alone: `analyse: 80`. */
function stage<S extends z.ZodRawShape>(shape: S) {
  const written = z.strictObject({ weight: Weight.optional(), ...shape });
  const spelledOut = (value: unknown) => (value === null ? {} : typeof value === 'number' ? { weight: value } : value);
  return z.preprocess(spelledOut, written);
}

const Stages = z.strictObject({
  /** Of a job that was submitted with a URL; others go without. */
  download: stage({}).optional(),
  probe: stage({}).optional(),
  /** By which plugin and tools where the submit names none. */
  analyse: stage({ plugin: Name.optional(), tools: z.array(Name).min(1).max(20).optional() }).optional(),
  annotate: stage({}).optional(),
  clip: stage({ rules: z.array(ClipRule).min(1).max(50) }).optional(),
  package: stage({}).optional(),
  deliver: stage({ to: z.array(Name).min(1).max(20) }).optional(),
});

const Pipeline = z.strictObject({ description: z.string().max(500).default(''), stages: Stages.prefault({}) });
export type WrittenPipeline = z.infer<typeof Pipeline>;

function targetsOf(variable: Variable) {
  const SecretWord = z
    .string()
    .min(1)
    .transform((written, context) => {
      try {
        return readSecret(written, variable);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    });
  const Folder = z.strictObject({
    kind: z.literal('folder'),
    /** There before a job comes: what is not mounted is not made. */
    path: z.string().startsWith('/', 'expected a path that begins with /'),
  });
  const S3 = z.strictObject({
    kind: z.literal('s3'),
    /** Left out: Amazon's own of the region. */
    endpoint: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
    region: z.string().min(1).default('us-east-1'),
    bucket: z.string().min(1).max(255),
    /** In front of `<job_id>/<file>`; taken as it is, so that a folder's ends in a slash. */
    prefix: z
      .string()
      .regex(/^(?!\/)[\w!.*'()/-]*$/, 'expected letters, digits, slashes and ! - _ . * ( ), no slash first')
      .default(''),
    access_key: SecretWord,
    secret_key: SecretWord,
    /** The bucket in the path, not in the host's name; left out: wherever there is an endpoint. */
    path_style: z.boolean().optional(),
  });
  const Http = z.strictObject({
    kind: z.literal('http'),
    url: z
      .string()
      .refine(
        isTemplate,
        'expected an http or https URL with {job_id} and {file} in its path or query, without a login',
      ),
    method: z.enum(['PUT', 'POST']).default('PUT'),
    headers: z
      .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected the name of a header'), SecretWord)
      .default({}),
  });
  return z.discriminatedUnion('kind', [Folder, S3, Http]);
}
type TargetSchema = ReturnType<typeof targetsOf>;
export type WrittenTarget = z.infer<TargetSchema>;

/** Secrets are read with it: each mistake is an issue with its path. */
export function bookSchema(variable: Variable) {
  return z
    .strictObject({
      pipelines: z.record(PipelineName, Pipeline).default({}),
      targets: z.record(PipelineName, targetsOf(variable)).default({}),
    })
    .superRefine(({ pipelines, targets }, context) => {
      for (const [name, { stages }] of Object.entries(pipelines)) {
        for (const [at, target] of (stages.deliver?.to ?? []).entries()) {
          const path = ['pipelines', name, 'stages', 'deliver', 'to', at];
          if (!Object.hasOwn(targets, target)) {
            context.addIssue({ code: 'custom', path, message: `there is no target "${target}"` });
          } else if (stages.deliver?.to.indexOf(target) !== at) {
            context.addIssue({ code: 'custom', path, message: `the target "${target}" is named twice` });
          }
        }
      }
    });
}

export type Book = z.infer<ReturnType<typeof bookSchema>>;
export const emptyBook: Book = { pipelines: {}, targets: {} };

function isTemplate(text: string): boolean {
  if (!text.includes('{job_id}') || !text.includes('{file}')) return false;
  const [filled, other] = ['a', 'b'].map((word) => text.replaceAll('{job_id}', word).replaceAll('{file}', word));
  if (filled === undefined || other === undefined || !URL.canParse(filled) || !URL.canParse(other)) return false;
  const { protocol, username, password, origin } = new URL(filled);
  return /^https?:$/.test(protocol) && username === '' && password === '' && origin === new URL(other).origin;
}
