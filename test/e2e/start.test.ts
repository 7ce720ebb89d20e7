// How the daemon starts, and how it refuses to: each cause with its sentence and its exit code.
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { describe, expect, test } from 'vitest';
import { migrations } from '../../appliance/daemon/folders.ts';
import { spawnDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';

async function refusal(options: Parameters<typeof spawnDaemon>[0]): Promise<{ code: number | null; said: string }> {
  const daemon = spawnDaemon(options);
  const code = await daemon.exited;
  return { code, said: daemon.stderr() };
}

describe('a start that cannot work', () => {
  test('settings with mistakes: every one named, exit 78', async () => {
    const { code, said } = await refusal({ env: { VEDETTE_PORT: 'high', VEDETTE_MQTT_URL: 'ftp://x' } });
    expect(code).toBe(78);
    expect(said).toMatch(/VEDETTE_PORT: /);
    expect(said).toMatch(/VEDETTE_MQTT_URL: /);
  });

  test('a port that is taken: exit 69', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const { code, said } = await refusal({ env: { VEDETTE_PORT: port } });
    server.close();
    expect(code).toBe(69);
    expect(said).toContain(port);
    expect(said).toContain('VEDETTE_PORT');
  });

  test('no such model: exit 66', async () => {
    const { code, said } = await refusal({ env: { VEDETTE_MODEL: 'yolov99' } });
    expect(code).toBe(66);
    expect(said).toMatch(/yolov99\.onnx/);
  });

  test('a model file that is none: exit 65', async () => {
    const folder = tempData();
    writeFileSync(join(folder, 'bad.onnx'), 'not a network');
    const { code, said } = await refusal({ env: { VEDETTE_MODELS: folder, VEDETTE_MODEL: 'bad' } });
    expect(code).toBe(65);
    expect(said).toMatch(/bad/);
  });

  test('a GStreamer without its elements: exit 72, with the package to install', async () => {
    const folder = tempData();
    const empty = join(folder, 'no-plugins');
    mkdirSync(empty);
    const env = { GST_PLUGIN_SYSTEM_PATH_1_0: empty, GST_REGISTRY_1_0: join(folder, 'registry.bin') };
    const { code, said } = await refusal({ folder, env });
    expect(code).toBe(72);
    expect(said).toMatch(/gstreamer1\.0-plugins-base/);
  });

  test('a data folder that is a file: exit 73', async () => {
    const file = join(tempData(), 'data');
    writeFileSync(file, '');
    const { code, said } = await refusal({ env: { VEDETTE_DATA: join(file, 'inside') } });
    expect(code).toBe(73);
    expect(said).toMatch(/VEDETTE_DATA/);
  });

  test.skipIf(process.getuid?.() === 0)('a data folder without write permission: exit 73', async () => {
    const folder = tempData();
    chmodSync(folder, 0o500);
    expect((await refusal({ folder })).code).toBe(73);
    chmodSync(folder, 0o700);
  });

  test('a database of a newer release: exit 74', async () => {
    const folder = tempData();
    const sqlite = new Sqlite(join(folder, 'vedette.db'));
    migrate(drizzle(sqlite), { migrationsFolder: migrations });
    sqlite.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of tomorrow', 9999999999999)");
    sqlite.close();
    const { code, said } = await refusal({ folder });
    expect(code).toBe(74);
    expect(said).toMatch(/newer/);
  });
});

describe('a start that works', () => {
  test('answers before the model is loaded, is ready when it is, and leaves with 0 when asked', async () => {
    const daemon = await startDaemon();
    expect(await (await fetch(`${daemon.url}/v1/health`)).json()).toMatchObject({ status: 'healthy' });
    await daemon.logged('ready for jobs');
    expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
  });

  test('is asked for a key beyond loopback, on REST and everywhere but the health checks and the kiosk', async () => {
    const daemon = await startDaemon({ env: { VEDETTE_HOST: '0.0.0.0', VEDETTE_API_KEY: 'open sesame' } });
    const base = daemon.url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${base}/v1/jobs`)).status).toBe(401);
    expect((await fetch(`${base}/v1/jobs`, { headers: { 'X-API-Key': 'open sesame' } })).status).toBe(200);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect(JSON.stringify(daemon.log)).not.toContain('sesame');
    expect(await daemon.stop()).toBe(0);
  });
});
