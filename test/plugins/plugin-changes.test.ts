// What counts as a change of a plugin from outside, and what a submit hears while one is still being loaded.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { PluginCard } from '../../appliance/contract/outside-plugins.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { contentOf } from '../../appliance/daemon/plugins/plugin-content.ts';
import { Plugins } from '../../appliance/daemon/plugins/plugins.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';
import { answerTo } from '../../appliance/daemon/serve/faults.ts';
import { ModelShelf } from '../serve/model-shelf.ts';
import { tempData } from '../support/temp-data.ts';

const log = pino({ level: 'silent' });
const broken: PluginCard = { state: 'broken', reason: 'It says no.' };

/** One plugin; `load`: what happens in its folder while it is looked at. */
async function openOne(load: (folder: string) => Promise<PluginCard>) {
  const folder = join(tempData(), 'plugin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.js'), 'export {};');
  const count = { looks: 0, renewed: 0 };
  const plugins = await Plugins.open({
    folders: [folder],
    rules: { data: tempData(), secrets: [] },
    inspect: () => {
      count.looks += 1;
      return load(folder);
    },
    onReplaced: () => (count.renewed += 1),
    onChange: () => undefined,
    log,
  });
  onTestFinished(() => plugins.close());
  return { folder, plugins, count };
}

test('a plugin that writes into its own folder is not loaded without end, and a change of its code still is', async () => {
  let writes = 0;
  const { folder, plugins, count } = await openOne((place) => {
    writeFileSync(join(place, 'cache.json'), String((writes += 1)));
    return Promise.resolve(broken);
  });
  plugins.begin();
  await expect.poll(() => count.looks, { timeout: 5000 }).toBe(3);
  await wait(1200); // that nothing more comes is only seen by waiting, twice as long as a change needs to be noticed
  expect(count).toEqual({ looks: 3, renewed: 2 });
  writeFileSync(join(folder, 'main.js'), 'export default 1;');
  await expect.poll(() => count.looks, { timeout: 5000 }).toBe(4);
});

test('a reload that is asked for is done even where nothing has changed', async () => {
  const { plugins, count } = await openOne(() => Promise.resolve(broken));
  plugins.begin();
  expect(await plugins.reload('plugin')).toMatchObject({ state: 'broken', reason: 'It says no.' });
  expect(count).toEqual({ looks: 2, renewed: 1 });
});

test('a folder that was only touched, or has other packages, holds the same plugin', async () => {
  const folder = tempData();
  mkdirSync(join(folder, 'lib'));
  mkdirSync(join(folder, 'node_modules'));
  const file = join(folder, 'lib/main.js');
  writeFileSync(file, 'one');
  const before = await contentOf(folder);
  utimesSync(file, 1, 1);
  writeFileSync(join(folder, 'node_modules/other.js'), 'x');
  expect(await contentOf(folder)).toBe(before);
  writeFileSync(file, 'two');
  expect(await contentOf(folder)).not.toBe(before);
});

test('while a plugin is being loaded, a submit that may mean it is asked to come again; afterwards it is told', async () => {
  let say: (card: PluginCard) => void = () => undefined;
  const { plugins, count } = await openOne(() => new Promise((resolve) => (say = resolve)));
  const assignments = new Assignments({
    plugins: new PluginCatalogue(plugins),
    pipelines: new Pipelines(),
    models: new ModelShelf(),
  });
  const answer = async (plugin: string) => {
    const wish = { plugin, tools: ['see'], input: 'video', options: {} } as const;
    const error: unknown = await assignments.decide(wish).catch((thrown: unknown) => thrown);
    return answerTo(error);
  };
  const soon = { status: 429, headers: { 'Retry-After': '5', 'Vedette-Fault': 'busy' } };
  expect(await answer('mine')).toMatchObject(soon);
  plugins.begin();
  expect(await answer('mine')).toMatchObject(soon);
  expect(await answer('yolo')).toMatchObject({ status: 400, headers: { 'Vedette-Fault': 'tool-not-found' } });
  await expect.poll(() => count.looks).toBe(1);
  say(broken);
  await expect.poll(() => plugins.loading).toBe(false);
  expect(await answer('mine')).toMatchObject({ status: 400, headers: { 'Vedette-Fault': 'plugin-not-found' } });
});
