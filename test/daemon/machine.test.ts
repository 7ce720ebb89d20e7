// What the machine says of itself: /proc and /sys as files, of machines that the tests do not run on, and of this one.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Machine } from '../../appliance/daemon/machine.ts';
import { tempData } from '../support/temp-data.ts';

const memory = 'MemTotal:       8000 kB\nMemFree:        1000 kB\nMemAvailable:   6000 kB\n';
const idle = 'cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3 4\n';

function machineWith(files: Readonly<Record<string, string>>) {
  const root = tempData();
  const put = (more: Readonly<Record<string, string>>) => {
    for (const [path, content] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  };
  put({ 'proc/stat': idle, 'proc/meminfo': memory, ...files });
  return { machine: new Machine(root), put };
}

test('the cores are as busy as they were since the reading before; waiting for a disk is not work', async () => {
  const { machine, put } = machineWith({});
  expect((await machine.read()).cpu).toBeCloseTo(0.2);
  put({ 'proc/stat': 'cpu  130 10 120 720 120 0 0 0 0 0\n' });
  expect((await machine.read()).cpu).toBeCloseTo(0.6);
  expect((await machine.read()).cpu).toBe(0);
});

test('memory in use is what programs could not get', async () => {
  const { machine } = machineWith({});
  expect(await machine.read()).toMatchObject({ memoryTotal: 8_192_000, memoryUsed: 2_048_000 });
});

test('the hottest sensor that can be true counts, and a machine without one has no temperature', async () => {
  expect((await machineWith({}).machine.read()).temperature).toBeNull();
  const { machine } = machineWith({
    'sys/class/thermal/thermal_zone0/type': 'CPU-therm\n',
    'sys/class/thermal/thermal_zone0/temp': '41500\n',
    'sys/class/thermal/thermal_zone1/type': 'PMIC-Die\n',
    'sys/class/thermal/thermal_zone1/temp': '100000\n',
    'sys/class/thermal/thermal_zone2/type': 'broken\n',
    'sys/class/thermal/thermal_zone2/temp': '-256000\n',
    'sys/class/thermal/thermal_zone3/type': 'asleep\n',
    'sys/class/thermal/cooling_device0/type': 'fan\n',
    'sys/class/hwmon/hwmon0/temp1_input': '52000\n',
    'sys/class/hwmon/hwmon0/temp1_max': '120000\n',
    'sys/class/hwmon/hwmon1/temp2_input': '\n',
    'sys/class/hwmon/hwmon1/in0_input': '99000\n',
  });
  expect((await machine.read()).temperature).toBe(52);
});

test("a Jetson's GPU tells its load in thousandths; others do not tell", async () => {
  expect((await machineWith({}).machine.read()).gpu).toBeNull();
  expect((await machineWith({ 'sys/devices/gpu.0/load': '0\n' }).machine.read()).gpu).toBe(0);
  expect((await machineWith({ 'sys/devices/platform/gpu.0/load': '437\n' }).machine.read()).gpu).toBe(0.437);
});

test('this machine can be read', async () => {
  const machine = new Machine();
  await machine.read();
  const { cpu, memoryUsed, memoryTotal } = await machine.read();
  expect(cpu).toBeGreaterThanOrEqual(0);
  expect(cpu).toBeLessThanOrEqual(1);
  expect(memoryUsed).toBeGreaterThan(0);
  expect(memoryUsed).toBeLessThan(memoryTotal);
});
