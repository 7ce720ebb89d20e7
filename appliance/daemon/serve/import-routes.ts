// Videos from folders of the machine, such as a USB stick's: looked for, taken in, and how far they have come.
import { z } from 'zod';
import { ImportListing, ImportRequest, Imports } from '../../contract/import-api.ts';
import type { JobOptions } from '../../contract/job-options.ts';
import { json, text } from './answer.ts';
import type { Assignment, Assignments } from './assignment.ts';
import { readJson } from './json-body.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

interface ImportDesk {
  view(): Promise<Imports>;
  /** Throws Fault 'import-not-found'. */
  list(folder: string, path: string): Promise<ImportListing>;
  /** All of them or none. Throws Fault 'import-not-found', or Busy where too many are under way. */
  order(order: {
    readonly folder: string;
    readonly paths: readonly string[];
    readonly assignment: Assignment;
  }): Promise<void>;
  /** Throws Fault 'import-not-found'. */
  remove(id: string): void;
}

export interface ImportRoutesOptions {
  readonly imports: ImportDesk;
  readonly assignments: Assignments;
}

const notThere = { description: 'There is no such folder, file or copy', schema: Detail };
/** 500 long paths. */
const mostBytes = 512 * 1024;

export function importRoutes({ imports, assignments }: ImportRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/imports',
      summary: 'The folders that videos are taken in from, and those that are on their way',
      answers: { 200: { description: 'Folders and copies', schema: Imports } },
      handle: async () => json(await imports.view()),
    }),
    route({
      method: 'GET',
      path: '/v1/imports/{folder}/files',
      summary: 'What lies in such a folder: its folders, and files that are videos by their names',
      params: z.object({ folder: z.string() }),
      query: z.object({ path: z.string().max(4096).default('') }),
      answers: { 200: { description: 'One folder', schema: ImportListing }, 404: notThere },
      handle: async ({ params, query }) => json(await imports.list(params.folder, query.path)),
    }),
    route({
      method: 'POST',
      path: '/v1/imports',
      summary: 'Take videos in: each is copied and then a job of its own',
      body: { type: 'application/json', schema: ImportRequest },
      answers: {
        202: { description: 'Folders and copies; these too', schema: Imports },
        400: { description: 'Unknown plugin, tool, model or class', schema: Detail },
        404: notThere,
        429: { description: 'Too many are on their way; see Retry-After', schema: Detail },
      },
      handle: async ({ body }) => {
        const { folder, paths, plugin_id: plugin, tool, options } = await readJson(body, ImportRequest, mostBytes);
        const tools = typeof tool === 'string' ? [tool] : tool;
        const wish = { plugin, tools, input: 'video' as const, options: given(options) };
        await imports.order({ folder, paths, assignment: await assignments.decide(wish) });
        return json(await imports.view(), { status: 202 });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/imports/{id}',
      summary: 'Stop a copy that is under way, or forget one that has ended',
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'It is not told any more' }, 404: notThere },
      handle: ({ params }) => {
        imports.remove(params.id);
        return text('', 'text/plain', { status: 204 });
      },
    }),
  ];
}

/** What was left out is not there. */
function given(options: z.output<typeof ImportRequest>['options']): Partial<JobOptions> {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}
