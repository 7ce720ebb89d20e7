// Models: what there is, which one is in use, what is set of each, and their coming and going.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { ModelChoice, ModelList, ModelSettingsChange, ModelSight, ModelView } from '../../contract/model-api.ts';
import type { Models } from '../models/models.ts';
import { json } from './answer.ts';
import { readJson } from './json-body.ts';
import type { ModelSights } from './model-sight.ts';
import type { ModelUploads } from './model-upload.ts';
import { type Route, route } from './route.ts';
import { Detail, ModelRemoval } from './schemas.ts';
import { stored } from './storage-fault.ts';

export interface ModelRoutesOptions {
  readonly models: Pick<Models, 'list' | 'get' | 'use' | 'configure' | 'remove'>;
  readonly ladder: () => ModelList['ladder'];
  readonly uploads: ModelUploads;
  readonly sights: ModelSights;
}

const params = z.object({ name: z.string() });
const notFound = { description: 'There is no such model', schema: Detail };
const unstored = {
  503: { description: 'It cannot be stored', schema: Detail },
  507: { description: 'Not enough disk space', schema: Detail },
};

export function modelRoutes({ models, ladder, uploads, sights }: ModelRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/models',
      summary: 'The models that are there; those that no worker has loaded yet are checked from now on',
      answers: { 200: { description: 'All models, by name', schema: ModelList } },
      handle: async () => json({ models: await stored(models.list()), ladder: ladder() }),
    }),
    route({
      method: 'POST',
      path: '/v1/models',
      summary: 'Bring a model: an ONNX file and, where it lacks class names, a JSON file of labels',
      operator: true,
      body: { type: 'multipart/form-data', schema: z.object({ file: z.file(), labels: z.file().optional() }) },
      answers: {
        201: { description: 'A worker has loaded it', schema: ModelView },
        400: { description: 'No worker can load it; the reason', schema: Detail },
        409: { description: 'There is a model of this name', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        429: { description: 'Others are on their way in; see Retry-After', schema: Detail },
        ...unstored,
      },
      handle: async (request) => json(await uploads.receive(request), { status: 201 }),
    }),
    route({
      method: 'PUT',
      path: '/v1/models/default',
      summary: 'Use a model: jobs that start from now on run on it, those that run finish on theirs',
      operator: true,
      body: { type: 'application/json', schema: ModelChoice },
      answers: {
        200: { description: 'It is in use', schema: ModelView },
        400: { description: 'It cannot be used; the reason. The one before stays in use', schema: Detail },
        404: notFound,
        ...unstored,
      },
      handle: async ({ body }) => json(await stored(models.use((await readJson(body, ModelChoice)).name))),
    }),
    route({
      method: 'GET',
      path: '/v1/models/{name}',
      summary: 'One model',
      params,
      answers: { 200: { description: 'The model', schema: ModelView }, 404: notFound },
      handle: async ({ params: { name } }) => json(await stored(models.get(name))),
    }),
    route({
      method: 'PATCH',
      path: '/v1/models/{name}',
      summary: 'Change what is set of a model, for jobs that start from now on; null takes a setting back',
      operator: true,
      params,
      body: { type: 'application/json', schema: ModelSettingsChange },
      answers: {
        200: { description: 'The model', schema: ModelView },
        400: { description: 'It does not fit the model; the reason', schema: Detail },
        404: notFound,
        ...unstored,
      },
      handle: async ({ params: { name }, body }) =>
        json(await stored(models.configure(name, await readJson(body, ModelSettingsChange)))),
    }),
    route({
      method: 'DELETE',
      path: '/v1/models/{name}',
      summary: 'Remove a model that was uploaded',
      operator: true,
      params,
      answers: {
        200: { description: 'It is gone', schema: ModelRemoval },
        403: { description: "It lies in the operator's folder", schema: Detail },
        404: notFound,
        409: { description: 'It is in use', schema: Detail },
      },
      handle: async ({ params: { name } }) => {
        await stored(models.remove(name));
        return json({ status: 'deleted', name });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/models/{name}/check',
      summary: 'Show a picture to a model: what it sees, however unsure it is. Nothing of it is kept',
      params,
      body: { type: 'multipart/form-data', schema: z.object({ file: z.file() }) },
      answers: {
        200: { description: 'What it sees', schema: ModelSight },
        400: { description: 'No PNG or JPEG, or the model cannot be used; the reason', schema: Detail },
        404: notFound,
        413: { description: 'Larger than 32 MB', schema: Detail },
        429: { description: 'Others wait; see Retry-After', schema: Detail },
        ...unstored,
      },
      handle: async (request) => {
        const { name } = request.params;
        const { state, reason } = await stored(models.get(name));
        if (state === 'unusable') throw new Fault('model-refused', `${name} cannot be used: ${reason ?? ''}`);
        return json(await sights.receive(name, request));
      },
    }),
  ];
}
