// The commands as processes of their own, with the real daemon, worker, model and clip.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { pluginList } from '../support/plugin-list.ts';
import { program } from '../support/program.ts';
import { tempData } from '../support/temp-data.ts';
import { MediaFolder, noFfmpeg, packetCount } from '../support/worker-media.ts';

// Several processes start in each test, and some wait for a whole video.
vi.setConfig({ testTimeout: 90_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const sample = join(root, 'models/demo/sample.mp4');

/** Starts `vedette …` with no settings but these. */
function vedette(args: string[], env: Record<string, string> = {}) {
  const home = env['HOME'] ?? tempData();
  const { entry, execArgv } = program('cli/main');
  const child = spawn(process.execPath, [...execArgv, entry, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      // eslint-disable-next-line no-restricted-properties -- the child needs a PATH; settings are given here
      PATH: process.env['PATH'],
      HOME: home,
      ...pluginList,
      VEDETTE_CONFIG: '/dev/null',
      VEDETTE_DATA: join(home, 'data'),
      VEDETTE_PORT: '0',
      VEDETTE_MQTT_URL: 'off',
      ...env,
    },
  });
  const lines: string[] = [];
  let err = '';
  const heard = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const hear of heard) hear();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, lines, err }));
  onTestFinished(() => void child.kill('SIGKILL'));
  /** The first line that matches, printed already or to come. */
  const printed = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const hear = () => {
        const found = lines.find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      heard.add(hear);
      void ended.then(() => reject(new Error(`ended before ${String(pattern)}:\n${lines.join('\n')}\n${err}`)));
      hear();
    });
  return { child, ended, printed, home };
}

/** Where a daemon says nothing, its port must be known beforehand. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const summary = (frames: number) =>
  new RegExp(
    `^completed: ${frames} frames, [\\d,]+ detections \\(.*bottle [\\d,]+.*\\) in \\d+\\.\\d s, \\d+(\\.\\d)? fps → `,
  );

/** Two seconds of the clip, for those that only ask whether it was analysed; all of it where there is no ffmpeg. */
let part = { file: sample, frames: 350 };
beforeAll(async () => {
  if (noFfmpeg !== null) return;
  const media = await MediaFolder.open();
  const file = await media.make('part.mp4', '-i', sample, '-t', '2', '-an', '-c', 'copy');
  part = { file, frames: await packetCount(file) };
  return () => media.close();
});

describe('vedette start', () => {
  it('analyses the bundled clip once, sums it up and leaves nothing running', async () => {
    const { ended, home } = vedette(['start', '--once']);
    const { code, lines, err } = await ended;
    expect(err).toBe('');
    expect(lines[0]).toMatch(/^Vedette serves at http:\/\/127\.0\.0\.1:\d+\//);
    expect(lines.at(-1)).toMatch(summary(350));
    expect(code).toBe(0);
    expect(lines.filter((line) => /^\d+ %: /.test(line)).length).toBeLessThanOrEqual(11);
    const folder = / → (.*)$/.exec(lines.at(-1) ?? '')?.[1] ?? '';
    expect(
      readFileSync(resolve(root, folder, 'frames.ndjson'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(350);
    expect(readFileSync(join(home, 'data/vedette.log'), 'utf8')).toContain('"listening"');
    const url = /http:\S+/.exec(lines[0] ?? '')?.[0] ?? '';
    await expect(fetch(url)).rejects.toThrow();
  });

  it('goes on serving until it is told to stop, then closes the daemon', async () => {
    const { child, ended, printed } = vedette(['start', '--no-demo']);
    const url = /http:\S+(?=\/ )/.exec(await printed(/^Vedette serves at/))?.[0] ?? '';
    await printed(/^Serving until Ctrl-C/);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    child.kill('SIGINT');
    const { code } = await ended;
    expect(code).toBe(0);
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow();
  });

  it('takes the daemon along when it is killed', async () => {
    const { child, printed } = vedette(['start', '--no-demo']);
    const url = /http:\S+(?=\/ )/.exec(await printed(/^Vedette serves at/))?.[0] ?? '';
    await printed(/^Serving until Ctrl-C/);
    child.kill('SIGKILL');
    const answers = () =>
      fetch(`${url}/v1/health`).then(
        () => true,
        () => false,
      );
    await expect.poll(answers, { timeout: 20_000, interval: 100 }).toBe(false);
  });

  it('names an address that can be opened where the daemon listens on all of them', async () => {
    const open = { VEDETTE_HOST: '0.0.0.0', VEDETTE_API_KEY: 'open sesame' };
    const { child, ended, printed } = vedette(['start', '--no-demo'], open);
    expect(await printed(/^Vedette serves at/)).toMatch(/ http:\/\/127\.0\.0\.1:\d+\/ /);
    child.kill('SIGTERM');
    await ended;
  });

  it('uses a Vedette that answers already, and leaves it running', async () => {
    const daemon = await startDaemon();
    const { ended } = vedette(['start', part.file, '--url', daemon.url]);
    const { code, lines } = await ended;
    expect(lines[0]).toContain(`A Vedette answers already at ${daemon.url}/`);
    expect(lines.at(-1)).toMatch(summary(part.frames));
    expect(code).toBe(0);
    expect((await fetch(`${daemon.url}/v1/health`)).status).toBe(200);
  });

  it('hands on the daemon’s exit code and its words when it cannot start', async () => {
    const { code, lines } = await vedette(['start'], { VEDETTE_PORT: 'eighty' }).ended;
    expect(lines.join('\n')).toContain('VEDETTE_PORT');
    expect(code).toBe(78);
  });

  it('says in sentences, without a stack, why it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, lines } = await vedette(['start', '--url', 'http://127.0.0.1:9'], { VEDETTE_PORT: String(port) })
      .ended;
    expect(lines[1]).toContain(`Cannot listen on 127.0.0.1:${port}: another program holds it`);
    expect(lines).toEqual(['vedette cannot start (port-taken):', lines[1], 'Vedette could not start (exit code 69).']);
    expect(code).toBe(69);
  });

  it('starts a daemon that logs next to nothing as well', async () => {
    const home = tempData();
    const file = join(home, 'vedette.yaml');
    writeFileSync(file, 'log: silent\n');
    const settings = { HOME: home, VEDETTE_CONFIG: file, VEDETTE_PORT: String(await freePort()) };
    const { child, ended, printed } = vedette(['start', '--no-demo'], settings);
    await printed(/^Serving until Ctrl-C/);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });
});

describe('vedette run', () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vedette-test-'));
    const ends: (() => Promise<void>)[] = [() => Promise.resolve(rmSync(folder, { recursive: true }))];
    daemon = await startDaemon({ folder, atEnd: (kill) => ends.unshift(kill) });
    return async () => {
      for (const end of ends) await end();
    };
  });

  it('analyses a file on a running appliance and writes the whole result', async () => {
    const out = join(tempData(), 'result.json');
    const { code, lines } = await vedette(['run', part.file, '--json', out, '--url', daemon.url]).ended;
    expect(lines.at(-1)).toMatch(summary(part.frames));
    expect(code).toBe(0);
    const result = JSON.parse(readFileSync(out, 'utf8')) as { frames: unknown[]; status: string };
    expect(result).toMatchObject({ status: 'completed' });
    expect(result.frames).toHaveLength(part.frames);
  });

  it('ends with 1 and the reason when the job fails', async () => {
    const file = join(tempData(), 'broken.mp4');
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('\0\0\0\u0018ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(60)]),
    );
    const { code, lines } = await vedette(['run', file, '--url', daemon.url]).ended;
    expect(lines.at(-1)).toMatch(/^failed: \S/);
    expect(code).toBe(1);
  });

  it('ends with 1 and the appliance’s words when it refuses', async () => {
    const refused = await vedette(['run', sample, '--tool', 'juggle', '--url', daemon.url]).ended;
    expect(refused.err).toContain("Tool 'juggle' not found in plugin 'yolo-tracker'");
    expect(refused.code).toBe(1);
  });

  it('cancels the job at the first Ctrl-C and leaves with 130', async () => {
    const { child, ended, printed } = vedette(['run', sample, '--url', daemon.url]);
    await printed(/^\d+ %: analyzing/);
    child.kill('SIGINT');
    const { code, lines } = await ended;
    expect(lines.at(-1)).toBe('cancelled: interrupted from here');
    expect(code).toBe(130);
    const answer = await fetch(`${daemon.url}/v1/jobs?limit=1`);
    expect(await answer.json()).toMatchObject({ jobs: [{ error_message: 'Cancelled' }] });
  });

  it('brings the key, to REST and to the push channel', async () => {
    const locked = await startDaemon({ env: { VEDETTE_API_KEY: 'open sesame' } });
    const without = await vedette(['run', part.file, '--url', locked.url]).ended;
    expect(without.err).toContain('API key');
    expect(without.code).toBe(1);
    const withKey = await vedette(['run', part.file, '--url', locked.url], { VEDETTE_API_KEY: 'open sesame' }).ended;
    expect(withKey.lines.at(-1)).toMatch(summary(part.frames));
    expect(withKey.code).toBe(0);
  });

  it('refuses before the analysis to save a result where no file can be', async () => {
    const target = join(tempData(), 'absent/result.json');
    const { code, err } = await vedette(['run', sample, '--json', target, '--url', 'http://127.0.0.1:9']).ended;
    expect(err).toContain(`${target} cannot be written: ENOENT`);
    expect(code).toBe(64);
  });

  it('leaves without a word when whoever read its output has gone', async () => {
    const { child, ended, printed } = vedette(['run', sample, '--url', daemon.url]);
    await printed(/^\d+ %: /);
    child.stdout.destroy();
    expect(await ended).toMatchObject({ code: 141, err: '' });
  });

  it('ends with 69 and the remedy where no appliance answers', async () => {
    const { code, err } = await vedette(['run', sample, '--url', 'http://127.0.0.1:9']).ended;
    expect(err).toMatch(/^vedette: no Vedette answers at http:\/\/127\.0\.0\.1:9 .*Start one with: vedette serve/);
    expect(code).toBe(69);
  });
});

describe('vedette serve', () => {
  it('runs the daemon in the foreground and closes it when told to', async () => {
    const { child, ended, printed } = vedette(['serve']);
    await printed(/"ready for jobs"/);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('takes the daemon along when it is killed', async () => {
    const { child, ended, printed } = vedette(['serve']);
    await printed(/"ready for jobs"/);
    child.kill('SIGKILL');
    // The daemon and its workers write to the same pipe, and this waits until none of them can any more.
    expect((await ended).lines.join('\n')).toContain('"stopping"');
  });
});

describe('vedette doctor', () => {
  it('finds nothing wrong where the tests can run, and names the remedy of what is', async () => {
    const well = await vedette(['doctor']).ended;
    expect(well.lines.at(-1)).toBe('Nothing is wrong.');
    expect(well.code).toBe(0);
    const ill = await vedette(['doctor'], { VEDETTE_MODEL: 'absent' }).ended;
    expect(ill.lines.join('\n')).toMatch(/FAIL Model: .*absent\.onnx is not there\n +→ put the \.onnx file there/);
    expect(ill.code).toBe(1);
  });
});

it('shows help on stdout, and leaves with 64 for what it does not understand', async () => {
  const help = await vedette(['--help']).ended;
  expect(help).toMatchObject({ code: 0, err: '' });
  const wrong = await vedette(['run', '--fast', sample]).ended;
  expect(wrong).toMatchObject({
    code: 64,
    lines: [],
    err: "vedette: unknown option '--fast'\nSee: vedette run --help\n",
  });
});
