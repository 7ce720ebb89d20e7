// The list of removed jobs whose topics an absent broker still holds.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrations } from '../../appliance/daemon/folders.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { RemovedTopics } from '../../appliance/daemon/record/removed-topics.ts';
import { tempData } from '../support/temp-data.ts';

test('is there after a restart, oldest first, without what was forgotten', () => {
  const file = join(tempData(), 'vedette.db');
  const before = openDatabase(file, migrations);
  const removed = new RemovedTopics(before);
  for (const id of ['z', 'a', 'm', 'a']) removed.add(id);
  removed.forget('z');
  removed.forget('never there');
  before.close();
  const after = openDatabase(file, migrations);
  expect(new RemovedTopics(after).list(10)).toEqual(['a', 'm']);
  expect(new RemovedTopics(after).list(1)).toEqual(['a']);
  after.close();
});

test('keeps the newest when there are too many', () => {
  const database = openDatabase(':memory:', migrations);
  const removed = new RemovedTopics(database, 3);
  for (const id of ['a', 'b', 'c', 'd', 'e']) removed.add(id);
  expect(removed.list(10)).toEqual(['c', 'd', 'e']);
  removed.forget('e');
  removed.add('f');
  expect(removed.list(10)).toEqual(['c', 'd', 'f']);
  database.close();
});
