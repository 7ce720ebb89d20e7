// Which pipelines a submit may name.
import { PipelineList } from '../../contract/pipeline-api.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import { json } from './answer.ts';
import { type Route, route } from './route.ts';

export function pipelineRoutes(pipelines: Pick<Pipelines, 'list'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/pipelines',
      summary: 'The pipelines that a submit may name: their stages, tools, clips, and where they deliver to',
      answers: { 200: { description: 'In the order of pipelines.yaml', schema: PipelineList } },
      handle: () => json({ pipelines: pipelines.list() }),
    }),
  ];
}
