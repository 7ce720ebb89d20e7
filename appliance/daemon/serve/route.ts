// Routes are data: what each one takes and answers is written once, for the router, the checks and OpenAPI alike.
import { z } from 'zod';
import { JobId } from '../../contract/job-id.ts';
import type { Answer } from './answer.ts';
import type { Body } from './body.ts';
import { checked } from './mistakes.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS';

/** A request as it came: params and query still text. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By lower-case name; '' where absent. */
  readonly header: (name: string) => string;
  readonly hasHeader: (name: string) => boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Empty unless the route declares a body. */
  readonly body: Body;
}

interface Request<P, Q> extends Pick<RawRequest, 'header' | 'hasHeader' | 'signal' | 'body'> {
  readonly params: P;
  readonly query: Q;
}

interface Description {
  readonly method: Method;
  /** With names in braces, as OpenAPI writes it: `/v1/jobs/{job_id}`. A name matches one segment. */
  readonly path: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** What it makes of headers, for OpenAPI; the handler reads and checks them. */
  readonly headers?: z.ZodObject;
  readonly body?: { readonly type: string; readonly schema: z.ZodType };
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  readonly deprecated?: boolean;
  /** Answered without an API key. */
  readonly open?: boolean;
  /** The operator's: a page needs the PIN for it, where one is set. Or whether this request is, by its params as they came. */
  readonly operator?: true | ((params: Readonly<Record<string, string>>) => boolean);
  /** Not part of the API: left out of OpenAPI. */
  readonly hidden?: boolean;
}

export interface AnswerDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** MIME type; application/json unless told. */
  readonly content?: string;
}

export interface Route extends Description {
  handle(request: RawRequest): Answer | Promise<Answer>;
}

export interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject> extends Description {
  readonly params?: P;
  readonly query?: Q;
  readonly handle: (request: Request<z.output<P>, z.output<Q>>) => Answer | Promise<Answer>;
}

/** Puts the checks in front of a handler: it sees only what fits. A request that does not throws Unprocessable. */
export function route<P extends z.ZodObject, Q extends z.ZodObject>(spec: RouteSpec<P, Q>): Route {
  const { handle, params, query } = spec;
  // Checked once for each path, which the router knows again: zod costs more than all the rest of a short answer.
  const fitting = new WeakMap<RawRequest['params'], z.output<P>>();
  const paramsOf = (raw: RawRequest): z.output<P> => {
    const known = fitting.get(raw.params);
    if (known) return known;
    // A handler whose route declares no params (or query) has no type to read them by: the empty object stands in.
    const fit = checked(params ?? (nothing as P), 'path', raw.params);
    Object.freeze(fit); // every request for this path gets it
    fitting.set(raw.params, fit);
    return fit;
  };
  const queryOf = (raw: RawRequest): z.output<Q> =>
    query ? checked(query, 'query', queryValues(query, raw.query)) : (none as z.output<Q>);
  return { ...spec, handle: (raw) => handle(new Checked(raw, paramsOf(raw), queryOf(raw))) };
}

/** What a handler sees. Body and signal are made when it asks for them. */
class Checked<P, Q> implements Request<P, Q> {
  readonly params: P;
  readonly query: Q;
  readonly header: RawRequest['header'];
  readonly hasHeader: RawRequest['hasHeader'];
  readonly #raw: RawRequest;

  constructor(raw: RawRequest, params: P, query: Q) {
    this.params = params;
    this.query = query;
    this.header = raw.header;
    this.hasHeader = raw.hasHeader;
    this.#raw = raw;
  }

  get signal(): AbortSignal {
    return this.#raw.signal;
  }

  get body(): Body {
    return this.#raw.body;
  }
}

const nothing: z.ZodObject = z.object({});
const none: object = {};

/** `/{job_id}/`: a UUID in any of its spellings. */
export const jobParams = z.object({
  job_id: z
    .string()
    .refine((id) => JobId.safeParse(id).success, {
      error: 'Input should be a valid UUID',
      params: { type: 'uuid_parsing' },
    })
    .transform((id) => JobId.parse(id))
    .meta({ type: 'string', format: 'uuid' }),
});

/** Of a key that is given twice the last one counts, as in the older dialects; a list takes all. */
function queryValues(schema: z.ZodObject, query: URLSearchParams): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  for (const key of Object.keys(schema.shape)) {
    const all = query.getAll(key);
    const last = all.at(-1);
    if (last !== undefined) values[key] = takesAll(schema.shape[key]) ? all : last;
  }
  return values;
}

function takesAll(field: unknown): boolean {
  return field instanceof z.ZodArray || (field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodArray);
}
