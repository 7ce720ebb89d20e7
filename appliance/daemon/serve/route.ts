// Routes are data: what each one takes and answers is written once, for the router, the checks and OpenAPI alike.
import { z } from 'zod';
import { JobId } from '../../contract/api.ts';
import type { Answer } from './answer.ts';
import type { Body } from './body.ts';
import { checked } from './mistakes.ts';

export type Method = 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS';

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
  // A handler whose route declares no params (or query) has no type to read them by: the empty object stands in.
  const params = spec.params ?? (nothing as P);
  const query = spec.query ?? (nothing as Q);
  return {
    ...spec,
    handle: (raw) =>
      spec.handle({
        header: raw.header,
        hasHeader: raw.hasHeader,
        body: raw.body,
        get signal() {
          return raw.signal;
        },
        params: checked(params, 'path', raw.params),
        query: checked(query, 'query', queryValues(query, raw.query)),
      }),
  };
}

const nothing: z.ZodObject = z.object({});

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
    if (last !== undefined) values[key] = schema.shape[key] instanceof z.ZodArray ? all : last;
  }
  return values;
}
