// What is set of models: two files, one above the other, and the words for what is wrong in them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { nearNames } from '../../appliance/daemon/models/near-names.ts';
import { Settings } from '../../appliance/daemon/models/settings.ts';
import { tempData } from '../support/temp-data.ts';

const classes = ['person', 'bicycle', 'car', 'sports ball'];

function house(operator = '', own = '') {
  const folder = tempData();
  mkdirSync(join(folder, 'own'));
  const [operatorFile, ownFile] = [join(folder, 'models.yaml'), join(folder, 'own', 'models.yaml')];
  if (operator !== '') writeFileSync(operatorFile, operator);
  if (own !== '') writeFileSync(ownFile, own);
  const defaults = { confidence: 0.25, iou: 0.7 };
  const open = () => Settings.open({ operatorFile, ownFile, defaults, log: pino({ level: 'silent' }) });
  return { open, operatorFile, ownFile };
}

describe('settings of models', () => {
  test('come from the appliance, then the operator, then the defaults, key by key', async () => {
    const { open } = house(
      'default: a\nmodels:\n  a: { classes: [car], confidence: 0.5 }\n',
      'default: b\nmodels:\n  a: { confidence: 0.6 }\n',
    );
    const settings = await open();
    expect(settings.defaults).toEqual(['b', 'a']);
    expect(settings.of('a')).toEqual({ classes: ['car'], confidence: 0.6, iou: 0.7, aliases: {} });
    expect(settings.of('other')).toEqual({ classes: null, confidence: 0.25, iou: 0.7, aliases: {} });
    await settings.change('a', { classes: 'all', confidence: null }, classes);
    expect(settings.of('a')).toMatchObject({ classes: null, confidence: 0.5 });
  });

  test('are kept as they are told, and forgotten with their model', async () => {
    const { open, ownFile } = house();
    const settings = await open();
    await Promise.all([
      settings.change('a', { aliases: { car: 'vehicle' } }, classes),
      settings.change('b', { iou: 0.5 }, classes),
      settings.setDefault('a'),
    ]);
    const again = await open();
    expect([again.of('a').aliases, again.of('b').iou, again.defaults]).toEqual([{ car: 'vehicle' }, 0.5, ['a']]);
    await again.forget('a');
    expect(readFileSync(ownFile, 'utf8')).not.toContain('vehicle');
    expect((await open()).defaults).toEqual([]);
  });

  test('name every mistake of the operator with its path', async () => {
    const { open, operatorFile } = house(
      'defualt: a\nmodels:\n  a: { confidence: 2, classes: [] }\n  "b c": { iou: 0.5 }\n',
    );
    const message = await open().then(String, (error: unknown) => String(error));
    expect(message.split('\n')).toHaveLength(4);
    for (const words of ['models.a.confidence', 'models.a.classes', 'defualt', 'models.b c', operatorFile]) {
      expect(message).toContain(words);
    }
    await expect(house('models: [').open()).rejects.toThrow('models.yaml');
    await expect(house('- a').open()).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('of the appliance that cannot be read do not keep it from starting', async () => {
    const settings = await house('', 'models: {{').open();
    expect(settings.complaint).toContain('set it anew');
    await settings.setDefault('a');
    expect(settings.complaint).toBeNull();
  });

  test('that are edited wrongly leave the last good ones in force, with a complaint', async () => {
    const { open, operatorFile } = house('models:\n  a: { confidence: 0.5 }\n');
    const settings = await open();
    writeFileSync(operatorFile, 'models:\n  a: { confidence: high }\n');
    await settings.refresh();
    expect(settings.of('a').confidence).toBe(0.5);
    expect(settings.complaint).toContain('models.a.confidence');
    writeFileSync(operatorFile, 'models:\n  a: { confidence: 0.75 }\n');
    await settings.refresh();
    expect([settings.of('a').confidence, settings.complaint]).toEqual([0.75, null]);
  });

  test('name no class that the model lacks, and say which is near', async () => {
    const settings = await house('models:\n  a: { classes: [persn] }\n').open();
    expect(settings.mistakeIn('a', classes)).toBe('This model has no class "persn". Near: "person".');
    expect(settings.mistakeIn('b', classes)).toBeNull();
    const change = settings.change('b', { aliases: { zebra: 'horse' } }, classes);
    await expect(change).rejects.toThrow('This model has no class "zebra". It has 4, such as "person", "bicycle"');
  });
});

test('near are names that differ little, or hold what was written', () => {
  expect(nearNames('Person', classes)).toEqual(['person']);
  expect(nearNames('ball', classes)).toEqual(['sports ball']);
  expect(nearNames('cat', classes)).toEqual(['car']);
  expect(nearNames('zebra', classes)).toEqual([]);
});
