// Which classes the board names, and the id that gives each its colour.
import { describe, expect, test } from 'vitest';
import { classesOf, classIdOf, leading } from '../../ui/src/screens/board/class-counts.ts';
import { systemView } from './job-item.ts';

describe('the classes found so far', () => {
  test('begin with those found most often, equals by name, and end in one sum of the rest', () => {
    const counts = { car: 3, ant: 3, person: 40, dog: 1, cat: 2 };
    expect(leading(counts, 3)).toEqual({
      first: [
        { name: 'person', count: 40 },
        { name: 'ant', count: 3 },
        { name: 'car', count: 3 },
      ],
      rest: { classes: 2, count: 3 },
    });
    expect(leading({}, 5)).toEqual({ first: [], rest: { classes: 0, count: 0 } });
  });

  test('go by the id that the model gives them, under whatever name they are told', () => {
    const known = ['person', 'car', 'dog'];
    expect(classIdOf('dog', known)).toBe(2);
    expect(classIdOf('visitor', known, { person: 'visitor' })).toBe(0);
  });

  test('have an id of their own where the model is another one: always the same for one name', () => {
    expect(classIdOf('forklift', [])).toBe(classIdOf('forklift', ['person']));
    expect(classIdOf('forklift', [])).not.toBe(classIdOf('pallet', []));
    expect(classIdOf('', [])).toBeGreaterThanOrEqual(0);
  });

  test('are those of the model that the job ran on, not of the one in use', () => {
    const system = systemView();
    const inUse = system.model;
    if (!inUse) throw new Error('the sample has a model');
    const use = { name: inUse.name, provider: inUse.provider };
    expect(classesOf({ model: { ...use, sha256: inUse.sha256 } }, system, null)).toEqual(inUse.classes);
    expect(classesOf({ model: { ...use, sha256: 'of another file' } }, system, null)).toEqual([]);
    expect(classesOf({ model: null }, system, null)).toEqual([]);
  });
});
