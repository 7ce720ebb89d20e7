// scripts/setup: what it finds missing, and what it says and does about it. Real bash, real dpkg-query; apt-get, sudo,
// systemctl and npm are stand-ins that write down how they were called, since a test must not install anything.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempData } from '../support/temp-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tools =
  'bash cat cut date dirname env find grep mktemp mv mkdir node readlink rm sed sha256sum tail touch wc'.split(' ');

/** A checkout with nothing but the script, and a PATH with nothing but what is put there. */
class Machine {
  readonly home = tempData();
  readonly bin = join(this.home, 'bin');
  readonly checkout = join(this.home, 'checkout');
  readonly calls = join(this.home, 'calls');

  constructor() {
    mkdirSync(this.bin);
    writeFileSync(this.calls, '');
    mkdirSync(join(this.checkout, 'scripts'), { recursive: true });
    cpSync(join(root, 'scripts/setup'), join(this.checkout, 'scripts/setup'));
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.base.json', 'tsconfig.build.json']) {
      writeFileSync(join(this.checkout, file), '{}');
    }
    for (const folder of ['appliance/contract', 'ui/src']) mkdirSync(join(this.checkout, folder), { recursive: true });
    for (const tool of tools) symlinkSync(pathOf(tool), join(this.bin, tool));
    this.stand('npm', '[[ $1 == config ]] && echo undefined; exit 0');
  }

  /** A program that notes its name and arguments, then does `script`. */
  stand(name: string, script = ''): void {
    this.write(name, `echo "${name} $*" >>"${this.calls}"\n${script}`);
  }

  write(name: string, script: string): void {
    const file = join(this.bin, name);
    writeFileSync(file, `#!${pathOf('bash')}\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** dpkg-query that knows just these packages. */
  has(...packages: string[]): void {
    this.write('dpkg-query', `case " ${packages.join(' ')} " in *" \${!#} "*) echo installed ;; *) exit 1 ;; esac`);
  }

  setup(...args: string[]) {
    return this.#run(['scripts/setup', ...args]);
  }

  /** Runs lines of bash among the script's functions. */
  inside(lines: string) {
    return this.#run(['-c', `source scripts/setup; ${lines}`]);
  }

  called(): string[] {
    return readFileSync(this.calls, 'utf8').split('\n').filter(Boolean);
  }

  #run(args: string[]) {
    const result = spawnSync(join(this.bin, 'bash'), args, {
      cwd: this.checkout,
      env: { PATH: this.bin, HOME: this.home },
      encoding: 'utf8',
    });
    return { status: result.status, out: result.stdout, err: result.stderr };
  }
}

function pathOf(tool: string): string {
  return tool === 'node'
    ? process.execPath
    : execFileSync('/bin/sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
}

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});

describe('Node', () => {
  it.each([
    ['v20.19.0', true],
    ['v20.18.3', false],
    ['v21.7.0', false],
    ['v22.12.0', true],
    ['v22.11.0', false],
    ['v24.1.0', false],
    ['v18.20.4', false],
  ])('%s fits: %s', (version, fits) => {
    expect(machine.inside(`node_fits ${version}`).status).toBe(fits ? 0 : 1);
  });

  it('says which Node is needed and which is there, and leaves with 2', () => {
    machine.has();
    execFileSync('rm', [join(machine.bin, 'node')]);
    expect(machine.setup()).toMatchObject({
      status: 2,
      err: expect.stringContaining('there is no node on the PATH') as string,
    });
    machine.write('node', 'echo v18.20.4');
    const old = machine.setup();
    expect(old.status).toBe(2);
    expect(old.err).toContain(
      `Node 22 (22.12 or newer) or 20 (20.19 or newer) is needed; ${machine.bin}/node is v18.20.4`,
    );
  });
});

describe('Debian packages', () => {
  it('asks the real dpkg which packages are missing', ({ skip }) => {
    const dpkg = spawnSync('/bin/sh', ['-c', 'command -v dpkg-query'], { encoding: 'utf8' }).stdout.trim();
    if (dpkg === '') return skip('no dpkg-query on this machine');
    symlinkSync(dpkg, join(machine.bin, 'dpkg-query'));
    const { out } = machine.inside('missing_packages dpkg no-such-package-anywhere coreutils');
    expect(out).toBe('no-such-package-anywhere\n');
    const admin = tempData();
    writeFileSync(join(admin, 'status'), '');
    expect(machine.inside(`export DPKG_ADMINDIR=${admin}; missing_packages dpkg coreutils`).out).toBe(
      'dpkg\ncoreutils\n',
    );
  });

  it('names what is missing and the command for it where it may not install, and leaves with 3', () => {
    machine.has('gstreamer1.0-tools');
    const nobody = 'apt_command() { return 1; }; install_packages gstreamer1.0-tools gstreamer1.0-libav python3';
    machine.stand('apt-get');
    const refused = machine.inside(nobody);
    expect(refused.status).toBe(3);
    expect(refused.err).toContain('these packages are missing: gstreamer1.0-libav python3\n');
    expect(refused.err).toContain('apt-get update && apt-get install gstreamer1.0-libav python3\n');
    expect(machine.called()).toEqual([]);
  });

  it('says that there is no apt-get on a machine of another kind', () => {
    machine.has();
    const { status, err } = machine.setup();
    expect(status).toBe(3);
    expect(err).toContain('gstreamer1.0-plugins-bad');
    expect(err).toContain('there is no apt-get here');
  });

  it('asks sudo only where there is one that answers', () => {
    const command = 'apt_command';
    machine.stand('apt-get');
    if (process.getuid?.() === 0) {
      expect(machine.inside(command).out).toBe('env DEBIAN_FRONTEND=noninteractive apt-get\n');
    } else {
      expect(machine.inside(command).status).toBe(1);
      machine.stand('sudo');
      expect(machine.inside(command).out).toBe('sudo env DEBIAN_FRONTEND=noninteractive apt-get\n');
    }
  });

  it('says first what it will install, then updates and installs just that', () => {
    machine.has('python3');
    machine.stand('apt-get');
    const { status, out } = machine.inside(
      'apt_command() { echo apt-get; }; install_packages python3 pkg-config ffmpeg',
    );
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toBe('setup: will install these packages: pkg-config ffmpeg');
    expect(machine.called()).toEqual([
      'apt-get update',
      'apt-get install --yes --no-install-recommends pkg-config ffmpeg',
    ]);
  });

  it('asks apt nothing while nothing is missing', () => {
    machine.has('python3');
    machine.stand('apt-get');
    expect(machine.inside('install_packages python3')).toEqual({ status: 0, out: '', err: '' });
    expect(machine.called()).toEqual([]);
  });

  it('shows the end of apt’s output when it fails', () => {
    machine.has();
    machine.stand('apt-get', 'echo "E: Unable to locate package x"; exit 100');
    const { status, err, out } = machine.inside('apt_command() { echo apt-get; }; install_packages x');
    expect(status).toBe(3);
    expect(out).toContain('apt-get update … failed (exit code 100)');
    expect(err).toContain('    E: Unable to locate package x');
  });

  it('keeps the services that it brings switched off', () => {
    machine.stand('systemctl');
    machine.inside('as_root() { "$@"; }; hold_services_back ffmpeg mosquitto-clients; release_services');
    expect(machine.called()).toEqual([]);
    const held = machine.inside(
      'as_root() { "$@"; }; runs_systemd() { true; }; hold_services_back mosquitto; release_services',
    );
    expect(held.out).toContain('the mosquitto service will stay off');
    expect(machine.called()).toEqual([
      'systemctl mask --runtime --quiet mosquitto.service',
      'systemctl disable --quiet mosquitto.service',
      'systemctl unmask --runtime --quiet mosquitto.service',
    ]);
  });
});

describe('npm packages', () => {
  const install = 'install_modules';

  it('installs once, and again only when the lock file or the Node changes', () => {
    machine.stand(
      'npm',
      'mkdir -p node_modules; [[ $1 == config ]] && echo undefined; echo "$ONNXRUNTIME_NODE_INSTALL" >skip; exit 0',
    );
    const installs = () => machine.called().filter((call) => call.endsWith('ci --no-audit --no-fund')).length;
    expect(machine.inside(install).status).toBe(0);
    expect(installs()).toBe(1);
    expect(readFileSync(join(machine.checkout, 'skip'), 'utf8')).toBe('skip\n');
    expect(machine.inside(install)).toEqual({ status: 0, out: '', err: '' });
    expect(installs()).toBe(1);
    writeFileSync(join(machine.checkout, 'package-lock.json'), '{"changed":true}');
    machine.inside(install);
    expect(installs()).toBe(2);
    machine.inside('node() { echo linux-x64 ABI 999; }; install_modules');
    expect(installs()).toBe(3);
  });

  it('leaves with 4 and the end of npm’s output when npm fails, and does not take it for done', () => {
    machine.stand('npm', '[[ $1 == config ]] || { echo "npm error ENOTFOUND"; exit 1; }');
    const first = machine.inside(install);
    expect(first.status).toBe(4);
    expect(first.err).toContain('npm error ENOTFOUND');
    expect(machine.inside(install).status).toBe(4);
  });

  it('uses the headers beside a Node from an archive, of the same version only, and never against the user’s choice', () => {
    const node = join(machine.home, 'node');
    mkdirSync(join(node, 'bin'), { recursive: true });
    mkdirSync(join(node, 'include/node'), { recursive: true });
    writeFileSync(join(node, 'bin/node'), `#!${pathOf('bash')}\necho v20.19.5\n`, { mode: 0o755 });
    const header = (patch: number) =>
      writeFileSync(
        join(node, 'include/node/node_version.h'),
        `#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 19\n#define NODE_PATCH_VERSION ${patch}\n`,
      );
    const nodedir = () =>
      machine.inside(`PATH=${node}/bin:$PATH; with_headers bash -c 'echo "\${npm_config_nodedir-none}"'`).out.trim();
    header(5);
    expect(nodedir()).toBe(node);
    header(4);
    expect(nodedir()).toBe('none');
    header(5);
    machine.stand('npm', 'echo /opt/headers');
    expect(nodedir()).toBe('none');
  });
});

describe('build', () => {
  const build = 'build appliance dist/daemon/main.js appliance tsconfig.base.json';

  beforeEach(() => {
    machine.stand('npm', 'mkdir -p dist/daemon; touch dist/daemon/main.js');
    mkdirSync(join(machine.checkout, 'node_modules/.vedette'), { recursive: true });
    writeFileSync(join(machine.checkout, 'node_modules/.vedette/modules'), '');
    writeFileSync(join(machine.checkout, 'appliance/a.ts'), '');
    // Sources of yesterday: files written in the same instant as the stamp would not be newer.
    const yesterday = new Date(Date.now() - 86_400_000);
    execFileSync('find', [machine.checkout, '-exec', 'touch', '-d', yesterday.toISOString(), '{}', '+']);
  });

  const builds = () => machine.called().length;

  it('happens once while no source changes', () => {
    expect(machine.inside(build).out).toMatch(/^setup: build the appliance … done \(\d+ s\)\n$/);
    expect(machine.inside(build)).toEqual({ status: 0, out: '', err: '' });
    expect(builds()).toBe(1);
  });

  it('happens again when a source is changed, added or deleted, and when its product is gone', () => {
    const later = new Date(Date.now() + 60_000);
    const rebuilds = (change: () => void) => {
      const before = builds();
      change();
      machine.inside(build);
      return builds() - before;
    };
    machine.inside(build);
    expect(rebuilds(() => execFileSync('rm', ['-r', join(machine.checkout, 'dist')]))).toBe(1);
    expect(rebuilds(() => execFileSync('rm', [join(machine.checkout, 'appliance/a.ts')]))).toBe(1);
    expect(rebuilds(() => writeFileSync(join(machine.checkout, 'appliance/b.ts'), ''))).toBe(1);
    expect(rebuilds(() => utimesSync(join(machine.checkout, 'tsconfig.base.json'), later, later))).toBe(1);
  });

  it('leaves with 5 and the compiler’s words when it fails, and is not taken for done', () => {
    machine.stand('npm', 'echo "a.ts(1,1): error TS1005"; exit 2');
    const failed = machine.inside(build);
    expect(failed.status).toBe(5);
    expect(failed.err).toContain('error TS1005');
    expect(machine.inside(build).status).toBe(5);
  });
});

it('refuses an option that it does not know', () => {
  expect(machine.setup('--fast')).toMatchObject({
    status: 64,
    err: "setup: unknown option '--fast'; there is only --test\n",
  });
});

const scripts = ['scripts/setup', 'scripts/start', 'scripts/test', '.ci/run'];

it.each(scripts)('%s may be executed', (script) => {
  expect(statSync(join(root, script)).mode & 0o111).toBe(0o111);
});

it('shellcheck finds nothing in the scripts', ({ skip }) => {
  const { error, stdout, status } = spawnSync('shellcheck', scripts, { cwd: root, encoding: 'utf8' });
  if (error) return skip('no shellcheck on this machine');
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
