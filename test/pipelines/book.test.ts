// pipelines.yaml: what may stand in it, how mistakes are named, and that its secrets stay there.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../appliance/daemon/config.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { tempData } from '../support/temp-data.ts';

const whole = `
pipelines:
  match:
    description: Everything, for the archive
    stages:
      download: 10
      probe:
      analyse: { weight: 60, plugin: yolo, tools: [track, detect] }
      annotate: {}
      clip:
        weight: 10
        rules: [{ class: ball, min_duration_s: 2 }]
      package:
      deliver: { to: [archive, cloud, web] }
  quick:
    stages: { analyse: { tools: [detect] } }
  bare: {}
targets:
  archive: { kind: folder, path: /srv/archive }
  cloud:
    kind: s3
    endpoint: http://s3.lan:9000
    bucket: matches
    prefix: gate-3/
    access_key: env:S3_KEY
    secret_key: file:KEY_FILE
  web:
    kind: http
    url: https://in.example.com/{job_id}/{file}?token=abc
    headers: { Authorization: Bearer hidden-word }
`;

function read(text: string, environment: Record<string, string> = {}) {
  const folder = tempData();
  const key = join(folder, 'key');
  writeFileSync(key, 'hidden-in-file\n', { mode: 0o600 });
  writeFileSync(join(folder, 'pipelines.yaml'), text.replace('KEY_FILE', key));
  writeFileSync(join(folder, 'vedette.yaml'), 'log: silent\n');
  const config = () => readConfig({ VEDETTE_CONFIG: join(folder, 'vedette.yaml'), ...environment });
  return { folder, key, config };
}

function mistakes(text: string, environment: Record<string, string> = {}): string[] {
  try {
    read(text, environment).config();
  } catch (error) {
    return error instanceof Error ? error.message.split('\n') : [];
  }
  return [];
}

describe('a whole file beside the settings', () => {
  const config = () => read(whole, { S3_KEY: 'hidden-in-variable' }).config();

  it('becomes pipelines whose weights sum to 100, with the stages in their order', () => {
    const pipelines = new Pipelines(config().book);
    expect(pipelines.names).toEqual(['match', 'quick', 'bare']);
    const match = pipelines.get('match');
    expect(match?.stages.map(({ stage }) => stage)).toEqual([
      'downloading',
      'probing',
      'analyzing',
      'annotating',
      'clipping',
      'packaging',
      'delivering',
    ]);
    expect(match?.stages.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(100);
    expect(match?.clips).toEqual([
      { class: 'ball', min_confidence: 0.5, min_duration_s: 2, max_gap_s: 1, pre_roll_s: 2, post_roll_s: 2 },
    ]);
    expect(match?.deliver).toEqual(['archive', 'cloud', 'web']);
    expect(pipelines.usual('match')).toEqual({ plugin: 'yolo', tools: ['track', 'detect'] });
    expect(pipelines.get('bare')?.stages.map(({ stage }) => stage)).toEqual(['probing', 'analyzing', 'packaging']);
  });

  it('is shown with its places, and without its secrets', () => {
    const { book } = config();
    const [match] = new Pipelines(book).list();
    expect(match).toMatchObject({ name: 'match', description: 'Everything, for the archive', plugin_id: 'yolo' });
    expect(match?.delivers_to).toEqual([
      { target: 'archive', kind: 'folder', place: '/srv/archive/<job_id>/' },
      { target: 'cloud', kind: 's3', place: 's3://matches/gate-3/<job_id>/' },
      { target: 'web', kind: 'http', place: 'https://in.example.com/<job_id>/' },
    ]);
    for (const text of [JSON.stringify(config()), inspect(config(), { depth: 20 }), JSON.stringify(match)]) {
      expect(text).not.toContain('hidden');
    }
    expect(JSON.stringify(match)).not.toContain('abc');
  });

  it('gives its secrets to those who ask for them', () => {
    const { cloud } = config().book.targets;
    const words = cloud?.kind === 's3' ? [cloud.access_key.reveal(), cloud.secret_key.reveal()] : [];
    expect(words).toEqual(['hidden-in-variable', 'hidden-in-file']);
  });
});

describe('a file with mistakes', () => {
  it('has each named by its path', () => {
    const said = mistakes(`
pipelines:
  a b: {}
  one:
    stages:
      dance: 5
      analyse: { weight: heavy, tools: [] }
      clip: { rules: [{ class: '', min_confidence: 2 }] }
      deliver: { to: [nowhere] }
  two:
    stages: { clip: {}, deliver: 5 }
targets:
  t1: { kind: folder, path: relative }
  t2: { kind: ftp }
  t3: { kind: s3, bucket: b, access_key: env:NO_SUCH_VARIABLE, secret_key: file:/no/such/file }
  t4: { kind: http, url: 'https://user:pass@host/{file}' }
  t5: { kind: http, url: 'https://{file}/{job_id}' }
`);
    const text = said.join('\n');
    expect(text).toMatch(/pipelines.yaml: pipelines\.a b: .*/);
    expect(text).toContain('pipelines.one.stages: Unrecognized key: "dance"');
    expect(text).toContain('pipelines.one.stages.analyse.weight: ');
    expect(text).toContain('pipelines.one.stages.analyse.tools: ');
    expect(text).toContain('pipelines.one.stages.clip.rules.0.class: ');
    expect(text).toContain('pipelines.one.stages.clip.rules.0.min_confidence: ');
    expect(text).toContain('pipelines.two.stages.clip.rules: ');
    expect(text).toContain('pipelines.two.stages.deliver.to: ');
    expect(text).toContain('targets.t1.path: expected a path that begins with /');
    expect(text).toContain('targets.t2.kind: ');
    expect(text).toContain('targets.t3.access_key: the variable NO_SUCH_VARIABLE is not set');
    expect(text).toContain('targets.t3.secret_key: /no/such/file cannot be read (ENOENT)');
    expect(text).toContain('targets.t4.url: expected an http or https URL with {job_id} and {file}');
    expect(text).toContain('targets.t5.url: ');
  });

  it('may not deliver to a target that is not there, twice to one, or weigh nothing', () => {
    const one = (stages: string) =>
      `pipelines: { one: { stages: ${stages} } }\ntargets: { t: { kind: folder, path: /t } }`;
    expect(mistakes(one('{ deliver: { to: [nowhere] } }'))).toEqual([
      'pipelines.yaml: pipelines.one.stages.deliver.to.0: there is no target "nowhere"',
    ]);
    expect(mistakes(one('{ deliver: { to: [t, t] } }'))[0]).toContain('the target "t" is named twice');
    expect(mistakes(one('{ probe: 0, analyse: 0, package: 0, download: 5 }'))).toEqual([
      'pipelines.yaml: pipelines.one.stages: one stage at least must weigh more than 0',
    ]);
  });

  it('may not keep a secret in a file that others can read', () => {
    const { key, config } = read('targets: { t: { kind: s3, bucket: b, access_key: a, secret_key: "file:KEY_FILE" } }');
    expect(config().book.targets['t']?.kind).toBe('s3');
    chmodSync(key, 0o644);
    expect(config).toThrow(/pipelines.yaml: targets.t.secret_key: others may read .*key: give it the mode 0600/);
  });

  it('is no YAML', () => {
    expect(mistakes('pipelines: [')[0]).toMatch(/^pipelines.yaml: /);
    expect(mistakes('- a list')[0]).toMatch(/^pipelines.yaml: .*expected object/);
  });
});

it('a file that the settings name has to be there, and one beside them need not', () => {
  const { folder, config } = read('pipelines: { one: {} }');
  expect(Object.keys(config().book.pipelines)).toEqual(['one']);
  writeFileSync(join(folder, 'vedette.yaml'), 'pipelines: other.yaml\n');
  expect(config).toThrow(`pipelines: ${join(folder, 'other.yaml')} does not exist`);
  writeFileSync(join(folder, 'other.yaml'), '');
  expect(config().book).toEqual({ pipelines: {}, targets: {} });
});
