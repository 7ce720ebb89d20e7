// What no worker and no plugin may read: the settings, and every file with a secret that they name. In the real sandbox.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig, root } from '../../appliance/daemon/config.ts';
import { openFolders } from '../../appliance/daemon/folders.ts';
import { openPlugins } from '../../appliance/daemon/plugins-part.ts';
import { makeWorkers } from '../../appliance/daemon/workers-part.ts';
import { writeFiles } from '../support/plugin-folder.ts';
import { tempData } from '../support/temp-data.ts';

const secrets = ['book/pipelines.yaml', 's3/word', 'http/word', 'mqtt/word', 'cert/word'] as const;

/** Settings that name all sorts of secrets, in a place that workers see: unlike /tmp, it is not hidden from them. */
function writeSettings() {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'vedette-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [, s3, http, key, cert] = secrets.map((name) => join(folder, name));
  writeFiles(folder, {
    'vedette.yaml': `log: silent
pipelines: book/pipelines.yaml
mqtt: { url: 'mqtts://broker', cert: '${cert}', key: '${key}' }
plugins: [${secrets.map((name) => `{ path: '${dirname(join(folder, name))}' }`).join(', ')}]
`,
    'book/pipelines.yaml': `targets:
  cloud: { kind: s3, bucket: b, access_key: hidden, secret_key: 'file:${s3}' }
  web: { kind: http, url: 'http://h/{job_id}/{file}', headers: { Authorization: 'file:${http}' } }
`,
    ...Object.fromEntries(secrets.slice(1).map((name) => [name, 'hidden'])),
    plain: 'for everybody',
  });
  for (const name of secrets) chmodSync(join(folder, name), 0o600);
  return { folder, config: readConfig({ VEDETTE_CONFIG: join(folder, 'vedette.yaml'), VEDETTE_DATA: tempData() }) };
}

test('files with secrets look empty to what runs in the sandbox', async ({ skip }) => {
  const { folder, config } = writeSettings();
  const paths = [...secrets, 'vedette.yaml', 'plain'].map((name) => join(folder, name));
  // It says what it finds by failing with it.
  const path = writeFiles(tempData(), {
    'package.json': '{"type":"module","exports":"./index.js"}',
    'index.js': `import { readFileSync } from 'node:fs';
const read = (path) => { try { return readFileSync(path, 'utf8'); } catch { return ''; } };
throw new Error(JSON.stringify(${JSON.stringify(paths)}.map((path) => read(path).length)));`,
  });
  let by = '';
  const write = (line: string) => void (by ||= /"by":"(.*?)"/.exec(line)?.[1] ?? '');
  const { inspectPlugin } = await makeWorkers(config, {
    folders: await openFolders(config.data),
    model: { name: 'demo', path: join(root, 'models', 'demo.onnx') },
    now: () => config,
    plugins: () => [path],
    onChange: () => undefined,
    log: pino({ level: 'info' }, { write }),
  });
  if (by !== 'bubblewrap') return skip('no bubblewrap here');
  const card = await inspectPlugin({ id: 'curious', path }, new AbortController().signal);
  const nothing = [...secrets, 'vedette.yaml'].map(() => 0);
  expect(card).toEqual({
    state: 'broken',
    reason: `It cannot be loaded: ${JSON.stringify([...nothing, 'for everybody'.length])}`,
  });
});

test('a folder that holds one of them is no plugin', async () => {
  const { config } = writeSettings();
  const plugins = await openPlugins(config, {
    inspect: () => Promise.reject(new Error('none is to be looked at')),
    renew: () => undefined,
    onChange: () => undefined,
    log: pino({ level: 'silent' }),
  });
  onTestFinished(() => plugins.close());
  expect(plugins.views.map(({ reason }) => reason)).toEqual(
    secrets.map((name) => `Its folder holds ${basename(name)}, which no plugin may read.`),
  );
});
