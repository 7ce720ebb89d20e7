// Where a client finds the appliance: --url, then the variables, then vedette.yaml, then the default.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readEnvironment } from '../../appliance/cli/environment.ts';
import { tempData } from '../support/temp-data.ts';

const nowhere = { VEDETTE_CONFIG: '/nonexistent/vedette.yaml' };

it('takes the daemon’s defaults where nothing is set', () => {
  expect(readEnvironment(undefined, nowhere)).toEqual({
    url: 'http://127.0.0.1:8000',
    apiKey: undefined,
    dataFolder: resolve('data'),
    modelFile: resolve('models/demo.onnx'),
    providers: ['tensorrt', 'cuda', 'webgpu', 'cpu'],
    runtime: { binding: null, tensorrtOptions: {}, engines: resolve('data/engines') },
  });
});

it('prefers --url, and takes its trailing slash away', () => {
  const variables = { ...nowhere, VEDETTE_PORT: '9000' };
  expect(readEnvironment('http://box.lan:8000/', variables).url).toBe('http://box.lan:8000');
  expect(readEnvironment(undefined, variables).url).toBe('http://127.0.0.1:9000');
});

it('reads address, data folder and model from vedette.yaml, and lets variables override it', () => {
  const folder = tempData();
  const file = join(folder, 'vedette.yaml');
  writeFileSync(
    file,
    'serve: {host: 0.0.0.0, port: 8100}\ndata: /srv/vedette\nmodel: {folder: /srv/models, name: yolov8n}\n',
  );
  const read = (variables: Record<string, string> = {}) =>
    readEnvironment(undefined, { VEDETTE_CONFIG: file, ...variables });
  expect(read()).toMatchObject({
    url: 'http://127.0.0.1:8100',
    dataFolder: '/srv/vedette',
    modelFile: '/srv/models/yolov8n.onnx',
  });
  expect(read({ VEDETTE_PORT: '8200', VEDETTE_MODEL: 'demo', VEDETTE_DATA: '' })).toMatchObject({
    url: 'http://127.0.0.1:8200',
    dataFolder: '/srv/vedette',
    modelFile: '/srv/models/demo.onnx',
  });
});

it.each([
  ['0.0.0.0', 'http://127.0.0.1:8000'],
  ['::', 'http://[::1]:8000'],
  ['::1', 'http://[::1]:8000'],
  ['box.lan', 'http://box.lan:8000'],
])('reaches a daemon that listens on %s at %s', (host, url) => {
  expect(readEnvironment(undefined, { ...nowhere, VEDETTE_HOST: host }).url).toBe(url);
});

it('knows no address where the port is any free one', () => {
  expect(readEnvironment(undefined, { ...nowhere, VEDETTE_PORT: '0' }).url).toBeNull();
});

it('leaves the mistakes of vedette.yaml to the daemon', () => {
  const file = join(tempData(), 'vedette.yaml');
  writeFileSync(file, 'serve: [not, a, map\n');
  expect(readEnvironment(undefined, { VEDETTE_CONFIG: file }).url).toBe('http://127.0.0.1:8000');
});
