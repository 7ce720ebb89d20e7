// The configuration: defaults, overrides, and every mistake named at once.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../appliance/daemon/config.ts';
import { tempData } from '../support/temp-data.ts';

function written(yaml: string, environment: Record<string, string> = {}) {
  const file = join(tempData(), 'vedette.yaml');
  writeFileSync(file, yaml);
  return readConfig({ VEDETTE_CONFIG: file, ...environment });
}

function mistakesOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ code: 'config-invalid' });
    return (error as Error).message.split('\n');
  }
  throw new Error('no mistake was found');
}

describe('without a file', () => {
  test('everything has a default: loopback, port 8000, embedded broker, the bundled model', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      serve: { host: '127.0.0.1', port: 8000 },
      auth: { keys: [] },
      jobs: { running: 1 },
      mqtt: { url: 'embedded' },
      model: { name: 'demo', providers: ['tensorrt', 'cuda', 'webgpu', 'cpu'] },
    });
  });

  test("systemd's state directory is the data folder unless VEDETTE_DATA says otherwise", () => {
    expect(readConfig({ STATE_DIRECTORY: '/var/lib/vedette' }).data).toBe('/var/lib/vedette');
    expect(readConfig({ STATE_DIRECTORY: '/var/lib/vedette', VEDETTE_DATA: '/srv/v' }).data).toBe('/srv/v');
  });
});

describe('with a file', () => {
  test('its values stand, and variables stand above them', () => {
    const config = written('serve:\n  port: 9000\nmodel:\n  name: yolov8n\n', { VEDETTE_PORT: '9001' });
    expect(config.serve.port).toBe(9001);
    expect(config.model).toMatchObject({ name: 'yolov8n', confidence: 0.25 });
  });

  test('all mistakes are named with their paths, unknown settings too', () => {
    const mistakes = mistakesOf(() =>
      written('serve:\n  port: high\n  colour: blue\njobs:\n  running: 0\nmodel:\n  name: ../secret\n', {
        VEDETTE_MQTT_URL: 'http://broker',
      }),
    );
    expect(mistakes).toHaveLength(5);
    expect(mistakes.join('\n')).toMatch(/serve\.port: .*number/);
    expect(mistakes.join('\n')).toMatch(/serve: .*"colour"/);
    expect(mistakes.join('\n')).toMatch(/jobs\.running: .*>=1/);
    expect(mistakes.join('\n')).toMatch(/model\.name: expected a file name/);
    expect(mistakes.join('\n')).toMatch(/VEDETTE_MQTT_URL: expected off, embedded/);
  });

  test('a file that is no YAML, or no settings, or not there, is a mistake and not an empty file', () => {
    expect(mistakesOf(() => written('serve: [1, 2'))[0]).toMatch(/vedette\.yaml: /);
    expect(mistakesOf(() => written('- a list'))[0]).toMatch(/expected settings, found a list/);
    expect(mistakesOf(() => readConfig({ VEDETTE_CONFIG: '/nowhere.yaml' }))[0]).toMatch(/does not exist/);
  });
});

describe('the ONNX Runtime of workers', () => {
  test('is the bundled one, without options for TensorRT, unless another is named', () => {
    expect(written('').worker).toMatchObject({ onnxruntime: null, tensorrt_options: {} });
  });

  test("takes TensorRT's options as texts, and nothing else under that name", () => {
    const text = 'worker: {onnxruntime: /opt/ort, tensorrt_options: {trt_fp16_enable: true, trt_dla_core: 1}}';
    expect(written(text).worker).toMatchObject({
      onnxruntime: '/opt/ort',
      tensorrt_options: { trt_fp16_enable: '1', trt_dla_core: '1' },
    });
    expect(mistakesOf(() => written('worker: {tensorrt_options: {fp16: true}}'))[0]).toMatch(/trt_fp16_enable/);
  });
});

describe('exposure', () => {
  test('beyond loopback needs a key or the explicit word', () => {
    expect(mistakesOf(() => readConfig({ VEDETTE_HOST: '0.0.0.0' }))[0]).toMatch(/set VEDETTE_API_KEY or auth\.keys/);
    expect(written('auth: open\n', { VEDETTE_HOST: '0.0.0.0' }).auth).toBe('open');
  });

  test('a key from the environment is kept only as its hash', () => {
    const config = readConfig({ VEDETTE_HOST: '0.0.0.0', VEDETTE_API_KEY: 'open sesame' });
    expect(config.auth).toEqual({
      keys: [{ name: 'VEDETTE_API_KEY', sha256: createHash('sha256').update('open sesame').digest('hex') }],
    });
    expect(JSON.stringify(config)).not.toContain('sesame');
  });
});
