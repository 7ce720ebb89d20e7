// When there is too little room, when enough again, and how it is said.
import { describe, expect, test } from 'vitest';
import { hasMoved, inForce, type Limits, type Numbers, shortages } from '../../appliance/daemon/storage/levels.ts';
import { complain, holdFor, inUnits, refuse } from '../../appliance/daemon/storage/words.ts';

const gb = 1e9;
const roomy: Numbers = { free: 50 * gb, uploads: 0, artifacts: 0, backups: 0 };
const limits: Limits = { reserve: gb, uploads: 5 * gb, artifacts: 2 * gb };
const unbounded: Limits = { reserve: gb, uploads: null, artifacts: null };

describe('a shortage', () => {
  test('begins below the reserve, and ends a little above it', () => {
    const free = (bytes: number, before: ('reserve' | 'uploads' | 'artifacts')[]) =>
      shortages({ ...roomy, free: bytes }, unbounded, before);
    expect(free(gb, [])).toEqual([]);
    expect(free(gb - 1, [])).toEqual(['reserve']);
    expect(free(1.04 * gb, ['reserve'])).toEqual(['reserve']);
    expect(free(1.051 * gb, ['reserve'])).toEqual([]);
    expect(free(1.04 * gb, [])).toEqual([]);
  });

  test('of a class begins above its quota, and ends a little below it', () => {
    const held = (bytes: number, before: ('reserve' | 'uploads' | 'artifacts')[]) =>
      shortages({ ...roomy, artifacts: bytes }, limits, before);
    expect(held(2 * gb, [])).toEqual([]);
    expect(held(2 * gb + 1, [])).toEqual(['artifacts']);
    expect(held(1.95 * gb, ['artifacts'])).toEqual(['artifacts']);
    expect(held(1.9 * gb, ['artifacts'])).toEqual([]);
    expect(shortages({ ...roomy, artifacts: 9e12, uploads: 9e12 }, unbounded, [])).toEqual([]);
  });

  test('never needs more than 64 MiB beyond its limit to end', () => {
    expect(inForce({ ...unbounded, reserve: 100 * gb }, ['reserve']).reserve).toBe(100 * gb + 64 * 1024 * 1024);
  });

  test('is told gravest first', () => {
    const short = shortages({ free: 0, uploads: 6 * gb, artifacts: 3 * gb, backups: 0 }, limits, []);
    expect(short).toEqual(['reserve', 'artifacts', 'uploads']);
  });

  test('of room for videos keeps no job from running: it adds nothing to them', () => {
    expect(holdFor('uploads', limits)).toBeNull();
    expect(holdFor('reserve', limits)).toBe(
      'The disk is nearly full: less than 1.00 GB is free. The job goes on by itself when there is room.',
    );
  });
});

describe('numbers', () => {
  test('are told again when they moved by one per cent and one megabyte', () => {
    expect(hasMoved(roomy, { ...roomy, free: roomy.free - 0.4 * gb })).toBe(false);
    expect(hasMoved(roomy, { ...roomy, free: roomy.free - 0.6 * gb })).toBe(true);
    expect(hasMoved(roomy, { ...roomy, artifacts: 900_000 })).toBe(false);
    expect(hasMoved(roomy, { ...roomy, artifacts: 1_100_000 })).toBe(true);
  });

  test('are written with three digits', () => {
    expect([0, 999, 1000, 51_200_000, 812_000_000, 1.0737e9].map(inUnits)).toEqual([
      '0 B',
      '999 B',
      '1.00 KB',
      '51.2 MB',
      '812 MB',
      '1.07 GB',
    ]);
  });
});

describe('a refusal', () => {
  const wish = { bytes: 1.2 * gb, promised: 0, underWay: false };

  test('has what is free, what is needed, what must stay free, and what to do', () => {
    expect(refuse(wish, { ...roomy, free: 0.812 * gb }, unbounded, [])).toBe(
      'Not enough space: 812 MB are free, 1.20 GB more are needed, and 1.00 GB must stay free. Remove finished jobs to make room.',
    );
    expect(refuse(wish, roomy, unbounded, [])).toBeNull();
  });

  test('counts what is promised to other uploads', () => {
    const now = { ...roomy, free: 3 * gb };
    expect(refuse(wish, now, unbounded, [])).toBeNull();
    expect(refuse({ ...wish, promised: 1.5 * gb }, now, unbounded, [])).toContain(
      '1.50 GB are promised to other uploads',
    );
  });

  test('has use and quota of a class that is full', () => {
    expect(refuse(wish, { ...roomy, uploads: 4.8 * gb }, limits, [])).toBe(
      'Not enough space for videos: they hold 4.80 GB of their quota of 5.00 GB, and 1.20 GB more are needed. Remove finished jobs to make room.',
    );
    expect(refuse(wish, { ...roomy, artifacts: 2.1 * gb }, limits, [])).toContain('2.10 GB of their quota of 2.00 GB');
  });

  test('asks for a little more than the reserve until the shortage has ended', () => {
    const small = { ...wish, bytes: 1000 };
    expect(refuse(small, { ...roomy, free: 1.02 * gb }, unbounded, [])).toBeNull();
    expect(refuse(small, { ...roomy, free: 1.02 * gb }, unbounded, ['reserve'])).toContain('1.05 GB must stay free');
  });

  test('does not cut off an upload under way for results that grew meanwhile', () => {
    expect(refuse({ ...wish, underWay: true }, { ...roomy, artifacts: 2.1 * gb }, limits, [])).toBeNull();
  });
});

test('a complaint has the numbers and the remedy', () => {
  expect(complain('reserve', { ...roomy, free: 0.5 * gb }, limits)).toBe(
    'The disk is nearly full: 500 MB are free, and 1.00 GB must stay free. Jobs and uploads wait for room: remove finished jobs, or other files from the disk of the data folder.',
  );
  expect(complain('artifacts', { ...roomy, artifacts: 3 * gb }, limits)).toContain('raise storage.artifacts_mb');
  expect(complain('uploads', { ...roomy, uploads: 6 * gb }, limits)).toContain('raise storage.uploads_mb');
});
