#!/usr/bin/env node
// Asks a running server, line by line, whether it keeps the contract: npm run compat -- http://host:8000 [--key KEY]
// [--mqtt mqtt://host:1883 [--commands]]. Without an address a daemon of its own is started, and left when it is done.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = 'npm run compat -- [http://host:8000] [--key KEY] [--mqtt mqtt://host:1883 [--commands]]';

function settings() {
  const { values, positionals } = parseArgs({
    options: { key: { type: 'string' }, mqtt: { type: 'string' }, commands: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [url, ...others] = positionals;
  if (others.length > 0) throw new Error(`one address, please: ${usage}`);
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new Error(`${url} is no address: ${usage}`);
  return {
    ...(url && { VEDETTE_COMPAT_URL: url }),
    ...(values.key && { VEDETTE_COMPAT_KEY: values.key }),
    ...(values.mqtt && { VEDETTE_COMPAT_MQTT: values.mqtt }),
    ...(values.commands && { VEDETTE_COMPAT_COMMANDS: 'yes' }),
  };
}

try {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const suite = ['run', 'test/compat', '--reporter', 'verbose'];
  const child = spawn(process.execPath, [vitest, ...suite], {
    cwd: root,
    stdio: 'inherit',
    // eslint-disable-next-line no-restricted-properties -- this is no part of the appliance
    env: { ...process.env, ...settings() },
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 64;
}
