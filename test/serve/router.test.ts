// Which routes a path finds, and how long it is remembered.
import { expect, test } from 'vitest';
import { Recent } from '../../appliance/daemon/serve/recent.ts';
import { Router } from '../../appliance/daemon/serve/router.ts';

test('an exact path goes before a pattern, and patterns go in their order, however often they are asked', () => {
  const router = new Router<'GET', string>();
  router.add('GET', '/a/{one}', 'one');
  router.add('GET', '/a/exact', 'exact');
  router.add('GET', '/{first}/{second}', 'both');
  for (let time = 0; time < 2; time += 1) {
    expect(router.find('/a/exact')?.methods.get('GET')).toBe('exact');
    expect(router.find('/a/x%20y')).toMatchObject({ params: { one: 'x y' } });
    expect(router.find('/b/%zz')).toMatchObject({ params: { first: 'b', second: '%zz' } });
    expect(router.find('/a/')).toBeUndefined();
    expect(router.find('/a/b/c')).toBeUndefined();
  }
});

test('a path that comes again gives the same params, and other ones in between change nothing', () => {
  const router = new Router<'GET', string>();
  router.add('GET', '/a/{id}', 'a');
  const first = router.find('/a/1')?.params;
  expect(router.find('/a/1')?.params).toBe(first);
  for (let id = 0; id < 2000; id += 1) expect(router.find(`/a/${id}`)?.params).toEqual({ id: String(id) });
  expect(router.find('/a/1')?.params).toEqual(first);
});

test('a route that comes later for a path that was asked before is found', () => {
  const router = new Router<'GET' | 'PUT', string>();
  router.add('GET', '/a/{id}', 'read');
  router.find('/a/b');
  router.add('PUT', '/a/{id}', 'write');
  expect(router.find('/a/b')?.methods.get('PUT')).toBe('write');
  router.add('GET', '/a/b', 'exact');
  expect(router.find('/a/b')?.methods.get('GET')).toBe('exact');
});

test('only so many are remembered, the oldest makes room, and a long name is not remembered', () => {
  const recent = new Recent<number>(2);
  for (const [at, name] of ['a', 'b', 'c'].entries()) recent.set(name, at);
  recent.set('x'.repeat(10_000), 3);
  expect(['a', 'b', 'c', 'x'.repeat(10_000)].map((name) => recent.get(name))).toEqual([undefined, 1, 2, undefined]);
});
