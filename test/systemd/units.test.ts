// The units: systemd itself reads them, and they agree with the daemon about paths, users and exit codes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../appliance/daemon/exit.ts';
import { tempData } from '../support/temp-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const units = ['vedette.service', 'vedette-kiosk.service'] as const;

const textOf = (unit: string) => readFileSync(join(root, 'systemd', unit), 'utf8');

/** All values of one setting, in order. */
function settings(unit: string, name: string): string[] {
  return [...textOf(unit).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** Where this machine has no node, cage or chromium in /usr/bin, programs that exist stand in: verify asks for no more. */
function verifiable(unit: string): string {
  const folder = tempData();
  mkdirSync(join(folder, 'bin'));
  const text = textOf(unit).replace(/(?<=[= ])\/usr\/bin\/(\w+)/g, (path, name: string) => {
    if (existsSync(path)) return path;
    const stand = join(folder, 'bin', name);
    if (!existsSync(stand)) symlinkSync('/bin/true', stand);
    return stand;
  });
  const file = join(folder, unit);
  writeFileSync(file, text);
  return file;
}

const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const withoutSystemd = () => (analyze('--version').error ? 'no systemd-analyze on this machine' : undefined);

describe.each(units)('%s', (unit) => {
  it('is accepted by systemd without a complaint', ({ skip }) => {
    const reason = withoutSystemd();
    if (reason !== undefined) return skip(reason);
    const { status, stderr } = analyze('verify', '--man=no', verifiable(unit));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('runs as a user that vedette.sysusers makes, in groups that it knows', () => {
    const sysusers = textOf('vedette.sysusers');
    const [user = ''] = settings(unit, 'User');
    expect(sysusers).toMatch(new RegExp(`^u +${user} `, 'm'));
    for (const group of settings(unit, 'SupplementaryGroups').join(' ').split(' ')) {
      expect(sysusers).toMatch(new RegExp(`^m +${user} +${group}$`, 'm'));
    }
  });
});

it('scores no more than 3 of 10 for exposure', ({ skip }) => {
  const reason = withoutSystemd();
  if (reason !== undefined) return skip(reason);
  const file = verifiable('vedette.service');
  const { status, stdout, stderr } = analyze('security', '--offline=yes', '--threshold=30', '--no-pager', file);
  if (/unrecognized option/.test(stderr)) return skip('this systemd-analyze cannot judge a unit offline');
  expect(stdout).toContain('Overall exposure level');
  expect(status).toBe(0);
});

it('makes users that systemd-sysusers understands', ({ skip }) => {
  const { error, status, stderr } = spawnSync(
    'systemd-sysusers',
    ['--dry-run', join(root, 'systemd/vedette.sysusers')],
    {
      encoding: 'utf8',
    },
  );
  if (error) return skip('no systemd-sysusers on this machine');
  expect(stderr).not.toMatch(/Failed|Unknown|Invalid/i);
  expect(status).toBe(0);
});

it('lets the daemon put its workers into bubblewrap', () => {
  // What bwrap calls beyond @system-service, and the namespaces of the sandbox's command line.
  expect(settings('vedette.service', 'SystemCallFilter').join(' ')).toContain('mount umount2 pivot_root');
  expect(settings('vedette.service', 'RestrictNamespaces')).toEqual(['user mnt pid net ipc']);
  // Either covers a part of /proc, and the kernel then refuses the sandbox a /proc of its own.
  expect(textOf('vedette.service')).not.toMatch(/^(ProtectKernelTunables|ProtectKernelLogs)=/m);
});

it('runs the built daemon', () => {
  expect(settings('vedette.service', 'ExecStart')).toEqual(['/usr/bin/node /opt/vedette/dist/daemon/main.js']);
  expect(existsSync(join(root, 'appliance/daemon/main.ts'))).toBe(true);
});

it('does not restart what only a person can mend, and restarts everything else', () => {
  const final = settings('vedette.service', 'RestartPreventExitStatus').join(' ').split(' ').map(Number);
  // A port that another program holds may become free, and a database that is locked may be let go.
  const passing = [exitCodes['port-taken'], exitCodes['database-unusable']];
  const lasting = Object.values(exitCodes).filter((code) => !passing.includes(code));
  expect(final.sort()).toEqual(lasting.sort());
});
