// Packages of onnxruntime-node in folders of their own, as a user would have built them.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

const require = createRequire(import.meta.url);
const bundled = realpathSync(dirname(require.resolve('onnxruntime-node/package.json')));
const needed = 'onnxruntime-common';
const libraries = join('bin/napi-v6', process.platform, process.arch);

export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vedette-provider-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The bundled package with nothing but the libraries of this machine, moved elsewhere. */
export function movedBinding(): string {
  const folder = join(tempFolder(), 'onnxruntime-node');
  mkdirSync(join(folder, libraries), { recursive: true });
  copyFileSync(join(bundled, 'package.json'), join(folder, 'package.json'));
  cpSync(join(bundled, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of ['onnxruntime_binding.node', 'libonnxruntime.so.1']) {
    copyFileSync(join(bundled, libraries, name), join(folder, libraries, name));
  }
  const common = dirname(dirname(dirname(createRequire(join(bundled, 'package.json')).resolve(needed))));
  // Two bindings cannot register themselves with one of these.
  cpSync(common, join(folder, 'node_modules/onnxruntime-common'), { recursive: true });
  return folder;
}

/**
 * The bundled package with a TensorRT that runs everything on the CPU, and keeps an engine where it is told to.
 * `patched`: it passes options on. What each session was given it writes down, since sessions live in threads.
 */
export function tensorrtBinding({ patched }: { patched: boolean }): string {
  const folder = tempFolder();
  mkdirSync(join(folder, libraries), { recursive: true });
  for (const part of ['shared', 'tensorrt']) {
    symlinkSync(
      join(bundled, libraries, 'libonnxruntime.so.1'),
      join(folder, libraries, `libonnxruntime_providers_${part}.so`),
    );
  }
  writeFileSync(join(folder, 'package.json'), '{"name":"onnxruntime-node","main":"index.cjs"}');
  writeFileSync(
    join(folder, 'index.cjs'),
    `const real = require(${JSON.stringify(bundled)});
const { appendFileSync, existsSync, writeFileSync } = require('node:fs');
function create(model, options) {
  const [first] = options.executionProviders;
  const isTensorrt = first === 'tensorrt' || first.name === 'tensorrt';
  if (!isTensorrt) return real.InferenceSession.create(model, options);
  const unknown = Object.keys(first).find((key) => typeof first === 'object' && key !== 'name' && !key.startsWith('trt_'));
  if (${patched} && unknown) return Promise.reject(new Error('Unknown provider option: "' + unknown + '".'));
  const cache = first.trt_engine_cache_path;
  try {
    if (cache && !existsSync(cache + '/made.engine')) writeFileSync(cache + '/made.engine', '');
  } catch (error) {
    return Promise.reject(error);
  }
  try {
    appendFileSync(__dirname + '/sessions', JSON.stringify({ model, providers: options.executionProviders }) + '\\n');
  } catch {
    // A confined worker reads this folder only.
  }
  return real.InferenceSession.create(model, { ...options, executionProviders: ['cpu'] });
}
module.exports = {
  ...real,
  InferenceSession: class { static create = create; },
  listSupportedBackends: () => [...real.listSupportedBackends(), { name: 'tensorrt', bundled: false }],
};
`,
  );
  return folder;
}

/** What `tensorrtBinding`'s package was asked for. */
export function sessionsOf(folder: string): unknown[] {
  const lines = readFileSync(join(folder, 'sessions'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}
