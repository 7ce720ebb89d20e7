// What a run on one picture tells of the classes that it has seen.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { pluginRunRoutes } from '../../appliance/daemon/serve/plugin-run-routes.ts';
import { openWeb, read } from './house.ts';

test('classes are counted by whatever names a model gives them', async () => {
  const class_name = ['constructor', '__proto__', 'constructor'];
  const xyxy = class_name.map((): [number, number, number, number] => [0, 0, 1, 1]);
  const detections = { xyxy, confidence: [1, 1, 1], class_id: [0, 1, 0], class_name };
  const seen = { width: 4, height: 3, ms: 1, outputs: { player_detection: { detections } } };
  const looker = { look: () => Promise.resolve(seen) };
  const { url } = await openWeb(pluginRunRoutes({ looker, plugins: new PluginCatalogue() }));
  const body = JSON.stringify({ image: Buffer.from('a picture, as it were').toString('base64') });
  const answer = await read(`${url}/v1/plugins/yolo/tools/player_detection/run`, { method: 'POST', body });
  const Ran = z.object({ result: z.object({ summary: z.object({ classes: z.custom<object>() }) }) });
  expect(Object.entries(Ran.parse(answer.body).result.summary.classes)).toEqual([
    ['constructor', 2],
    ['__proto__', 1],
  ]);
});
