// What Prometheus reads, what is written about it, and the dashboard of it: the three say the same.
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openMetrics } from '../../appliance/daemon/metrics.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { Pulse } from '../../appliance/daemon/pulse.ts';
import { openLog } from '../../appliance/log.ts';
import { makeJob } from '../support/job.ts';

const stream = new EventStream({ log: openLog('silent', 'test') });
const pulse = new Pulse();
const registry = openMetrics({
  ...{ version: '9.9.9', stream, pulse, disk: { numbers: null, low: false } },
  progressWrites: () => 0,
  counts: () => ({ pending: 0, running: 0 }),
  liveClients: () => 0,
  clientsCut: () => 0,
  previews: () => ({ told: 0, dropped: 0 }),
  outbox: () => ({ size: 0, dropped: 0 }),
  redisDropped: () => 0,
  webhooks: () => ({ waiting: 0, dead: 0 }),
});
const known = await registry.getMetricsAsJSON();
afterAll(() => pulse.close());

test('every metric of Vedette stands in the documents with its type, and no other', () => {
  const written = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = [...written.matchAll(/^\| `(vedette_\w+)` +\| (\w+)/gm)].map(([, name, type]) => `${name} ${type}`);
  const ours = known.filter(({ name }) => name.startsWith('vedette_'));
  expect(rows.sort()).toEqual(ours.map(({ name, type }) => `${name} ${String(type)}`).sort());
});

test('the time in each stage is that which the worker told', async () => {
  const job = makeJob({ status: 'pending', stage: 'queued', reportedAt: 1000 });
  const tell = (change: Partial<typeof job>) => stream.emit({ kind: 'job-changed', job: { ...job, ...change } });
  tell({});
  tell({ status: 'running', stage: 'probing', reportedAt: 3000 });
  tell({ status: 'running', stage: 'analyzing', reportedAt: 3500 });
  stream.emit({ kind: 'job-progressed', job: { ...job, status: 'running', stage: 'analyzing', reportedAt: 5000 } });
  tell({ status: 'completed', stage: 'completed', reportedAt: 13_500, startedAt: 3000, completedAt: 13_500 });
  const text = await registry.metrics();
  expect(text).toContain('vedette_stage_seconds_sum{stage="queued"} 2\n');
  expect(text).toContain('vedette_stage_seconds_sum{stage="probing"} 0.5\n');
  expect(text).toContain('vedette_stage_seconds_sum{stage="analyzing"} 10\n');
  expect(text).toContain('vedette_stage_seconds_count{stage="packaging"} 0\n');
});

/** As Grafana's documentation of the JSON model has it; what is not in it is an error. */
const DataSource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const Place = z.strictObject({ h: z.int().min(1), w: z.int().min(1).max(24), x: z.int().min(0), y: z.int().min(0) });
const Panel = z.discriminatedUnion('type', [
  z.object({ id: z.int(), type: z.literal('row'), title: z.string(), gridPos: Place, panels: z.array(z.unknown()) }),
  z.object({
    id: z.int(),
    type: z.enum(['stat', 'timeseries']),
    title: z.string().min(1),
    datasource: DataSource,
    gridPos: Place,
    fieldConfig: z.object({
      defaults: z.object({ unit: z.enum(['short', 'bytes', 's']) }),
      overrides: z.array(z.unknown()),
    }),
    options: z.object({}),
    targets: z
      .array(z.object({ refId: z.string(), datasource: DataSource, expr: z.string(), legendFormat: z.string() }))
      .min(1),
  }),
]);
const Dashboard = z.object({
  title: z.literal('Vedette'),
  uid: z.string().max(40),
  schemaVersion: z.int().min(36),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.enum(['datasource', 'query']) })) }),
  panels: z.array(Panel),
});

describe('the dashboard', () => {
  const text = readFileSync(new URL('../../grafana/vedette.json', import.meta.url), 'utf8');
  const { panels, templating } = Dashboard.parse(JSON.parse(text));
  const expressions = panels.flatMap((panel) => ('targets' in panel ? panel.targets.map(({ expr }) => expr) : []));

  test('has panels that have an id of their own and do not lie on each other', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test.each(expressions)('asks in words that Prometheus takes, for metrics that there are: %s', (expression) => {
    const names: string[] = [];
    const plain = expression.replaceAll('$instance', 'any');
    parser.parse(plain).iterate({
      enter: ({ type, from, to }) => {
        expect(type.isError, `at ${from}`).toBe(false);
        if (type.name === 'Identifier') names.push(plain.slice(from, to));
      },
    });
    const series = known.flatMap(({ name, type }) => {
      return String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    });
    const metrics = names.filter((name) => /^(vedette|process|nodejs)_/.test(name));
    expect(metrics).not.toEqual([]);
    for (const name of metrics) expect(series).toContain(name);
  });

  test('asks for nothing that it has no variable for', () => {
    const used = new Set([...text.matchAll(/\$\{?(\w+)\}?/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual(templating.list.map(({ name }) => name).sort());
  });
});
