// The example in the documentation is one that Vedette takes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from '../../appliance/daemon/config.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { tempData } from '../support/temp-data.ts';

it('docs/pipelines.md shows a whole file and settings without a mistake', () => {
  const text = readFileSync(new URL('../../docs/pipelines.md', import.meta.url), 'utf8');
  const [pipelines = '', downloads = ''] = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, block]) => block);
  const folder = tempData();
  const key = join(folder, 'key');
  writeFileSync(key, 'word', { mode: 0o600 });
  writeFileSync(join(folder, 'pipelines.yaml'), pipelines.replace('/etc/vedette/s3-secret', key));
  writeFileSync(join(folder, 'vedette.yaml'), downloads);
  const environment = { MATCHES_S3_ACCESS_KEY: 'a', LEAGUE_AUTHORIZATION: 'b' };
  const config = readConfig({ VEDETTE_CONFIG: join(folder, 'vedette.yaml'), ...environment });
  expect(new Pipelines(config.book).list().map(({ name }) => name)).toEqual(['matches', 'quick']);
  expect(config.downloads.allow).toContain('*.cameras.lan');
});
