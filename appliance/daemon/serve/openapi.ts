// GET /openapi.json: the description of the API, made from the routes themselves.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { JobItem, JobStatusView, JobSummaryView } from '../../contract/api.ts';
import {
  DetectionFrame,
  Detections,
  ModelCard,
  ModelUse,
  ResultFrame,
  SourceInfo,
  Summary,
  TrackedFrame,
  TrackedObject,
} from '../../contract/frame.ts';
import { ModelList, ModelView } from '../../contract/model-api.ts';
import { PluginManifest, ToolManifest } from '../../contract/plugins.ts';
import { jsonType, text } from './answer.ts';
import type { AnswerDescription, Route } from './route.ts';
import * as answers from './schemas.ts';
import { Mistakes } from './schemas.ts';

type Json = Record<string, unknown>;

const named: Readonly<Record<string, z.ZodType>> = {
  ...answers,
  ...{ JobItem, JobStatusView, JobSummaryView, DetectionFrame, Detections, ModelCard, ModelUse, SourceInfo, Summary },
  ...{ ResultFrame, TrackedFrame, TrackedObject },
  ...{ PluginManifest, ToolManifest, ModelList, ModelView },
};

export interface OpenapiOptions {
  readonly version: string;
  /** True where requests need a key. */
  readonly locked: boolean;
}

/** The route that describes `routes`, which must be all of them. The document is made when first asked for. */
export function openapiRoute(routes: readonly Route[], options: OpenapiOptions): Route {
  let made: { body: string; etag: string } | undefined;
  const self: Route = {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'OpenAPI 3.1' } },
    handle: () => {
      made ??= make([...routes, self], options);
      return text(made.body, jsonType, { etag: made.etag });
    },
  };
  return self;
}

function make(routes: readonly Route[], options: OpenapiOptions): { body: string; etag: string } {
  const body = JSON.stringify(describe(routes, options));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

function describe(routes: readonly Route[], { version, locked }: OpenapiOptions): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    if (route.hidden === true) continue;
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  const keys = {
    bearer: { type: 'http', scheme: 'bearer' },
    header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Vedette', version, description: 'Video analysis: durable jobs, live progress, results.' },
    paths,
    components: { schemas: components(), securitySchemes: keys },
    ...(locked ? { security: Object.keys(keys).map((name) => ({ [name]: [] })) } : {}),
  };
}

function operation(route: Route): Json {
  const asked = route.params ?? route.query ?? route.body;
  const unfit = { 422: { description: 'The request does not fit its schema', schema: Mistakes } };
  const locked = route.operator === undefined ? {} : { 403: lockedAnswer(route.answers[403]) };
  const responses = Object.entries({ ...route.answers, ...locked, ...(asked ? unfit : {}) });
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/\W+(\w)?/g, (_, next = '') => String(next).toUpperCase())}`,
    ...(route.deprecated === true ? { deprecated: true } : {}),
    ...(route.open === true ? { security: [] } : {}),
    parameters: [
      ...parameters(route.params, 'path'),
      ...parameters(route.query, 'query'),
      ...parameters(route.headers, 'header'),
      ...(route.operator === undefined ? [] : [operatorPin]),
    ],
    ...(route.body
      ? { requestBody: { required: true, content: { [route.body.type]: { schema: inline(route.body.schema) } } } }
      : {}),
    responses: Object.fromEntries(responses.map(([status, answer]) => [status, response(answer)])),
  };
}

const operatorPin: Json = {
  name: 'X-Operator-Pin',
  in: 'header',
  required: false,
  description: "The operator's PIN, where one is set: a request of a page needs it, one of a program does not",
  schema: { type: 'string' },
};

function lockedAnswer(also: AnswerDescription | undefined): AnswerDescription {
  const description = "A page asks, and X-Operator-Pin is not the operator's PIN";
  return { description: also ? `${also.description}; or ${description}` : description, schema: answers.Detail };
}

function parameters(schema: z.ZodObject | undefined, where: 'path' | 'query' | 'header'): Json[] {
  const fields: Readonly<Record<string, z.core.$ZodType>> = schema?.shape ?? {};
  return Object.entries(fields).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path' || !z.safeParse(field, undefined).success,
    schema: inline(field),
  }));
}

function response({ description, schema, content }: AnswerDescription): Json {
  if (schema) return { description, content: { [content ?? 'application/json']: { schema: reference(schema) } } };
  return content === undefined ? { description } : { description, content: { [content]: {} } };
}

function reference(schema: z.ZodType): Json {
  const name = Object.keys(named).find((known) => named[known] === schema);
  return name === undefined ? inline(schema) : { $ref: `#/components/schemas/${name}` };
}

/** What a client sends and gets are the parsed sides of the schemas; a file and a normalised id have no type there. */
const conversion = { io: 'output', unrepresentable: 'any', target: 'draft-2020-12' } as const;

function inline(schema: z.core.$ZodType): Json {
  return without(z.toJSONSchema(schema, conversion));
}

function components(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...conversion, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, without(schema)]));
}

/** Inside a document the dialect and the name are the document's. */
function without(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}
