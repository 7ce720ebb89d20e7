// What the machine says of itself: its cores, memory, temperature and GPU, read from /proc and /sys without waiting for any.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface MachineState {
  /** Share of all cores that was busy since the reading before, 0..1; at the first since the machine's start. */
  readonly cpu: number;
  readonly memoryUsed: number;
  readonly memoryTotal: number;
  /** Of the hottest sensor, °C; null where there is none. */
  readonly temperature: number | null;
  /** Share of the GPU that is busy, 0..1; null where there is none that tells. */
  readonly gpu: number | null;
}

/** What a sensor can mean; beyond it there is none behind the number. */
const plausible = { from: -20, to: 150 };
/** A Jetson's power chip has a zone that says 100 °C at all times. */
const noSensor = /^pmic/i;
/** Of a Jetson's GPU, in thousandths: JetPack 5 to 7, and those before. */
const gpuLoads = ['sys/devices/platform/gpu.0/load', 'sys/devices/gpu.0/load'] as const;

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

export class Machine {
  readonly #root: string;
  #before: Ticks = { busy: 0, all: 0 };

  /** `root`: holds `proc` and `sys`. */
  constructor(root = '/') {
    this.#root = root;
  }

  /** Throws where /proc cannot be read. */
  async read(): Promise<MachineState> {
    const [ticks, memory, temperature, gpu] = await Promise.all([
      this.#ticks(),
      this.#memory(),
      this.#temperature(),
      this.#gpu(),
    ]);
    const all = ticks.all - this.#before.all;
    const cpu = all > 0 ? (ticks.busy - this.#before.busy) / all : 0;
    this.#before = ticks;
    return { cpu: Math.min(Math.max(cpu, 0), 1), ...memory, temperature, gpu };
  }

  /** proc(5), /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; what follows is in the first two. */
  async #ticks(): Promise<Ticks> {
    const [line = ''] = (await readFile(join(this.#root, 'proc/stat'), 'utf8')).split('\n', 1);
    const ticks = line.split(/\s+/).slice(1, 9).map(Number);
    const all = ticks.reduce((sum, tick) => sum + tick, 0);
    return { all, busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
  }

  async #memory(): Promise<{ memoryUsed: number; memoryTotal: number }> {
    const text = await readFile(join(this.#root, 'proc/meminfo'), 'utf8');
    const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
    const memoryTotal = bytes('MemTotal');
    return { memoryTotal, memoryUsed: memoryTotal - bytes('MemAvailable') };
  }

  async #temperature(): Promise<number | null> {
    const zones = await this.#entries('sys/class/thermal', /^thermal_zone/);
    const monitors = await this.#entries('sys/class/hwmon', /^hwmon/);
    const inputs = await Promise.all(monitors.map((folder) => this.#entries(folder, /^temp\d+_input$/)));
    const degrees = await Promise.all([
      ...zones.map(async (zone) =>
        noSensor.test((await this.#text(join(zone, 'type'))) ?? '') ? null : this.#number(join(zone, 'temp')),
      ),
      ...inputs.flat().map((input) => this.#number(input)),
    ]);
    const told = degrees
      .filter((millidegrees) => millidegrees !== null)
      .map((millidegrees) => millidegrees / 1000)
      .filter((celsius) => celsius >= plausible.from && celsius <= plausible.to);
    return told.length === 0 ? null : Math.max(...told);
  }

  async #gpu(): Promise<number | null> {
    for (const path of gpuLoads) {
      const load = await this.#number(path);
      if (load !== null) return Math.min(Math.max(load / 1000, 0), 1);
    }
    return null;
  }

  /** Paths under the root; none where the folder is not there. */
  async #entries(folder: string, name: RegExp): Promise<string[]> {
    const names = await readdir(join(this.#root, folder)).catch(() => []); // no such sensors on this machine
    return names.filter((entry) => name.test(entry)).map((entry) => join(folder, entry));
  }

  async #number(path: string): Promise<number | null> {
    const text = await this.#text(path);
    const number = text === null || text.trim() === '' ? NaN : Number(text);
    return Number.isFinite(number) ? number : null;
  }

  /** Null where there is no such file, or its sensor sleeps or is broken, which only its reading shows. */
  async #text(path: string): Promise<string | null> {
    return readFile(join(this.#root, path), 'utf8').catch(() => null);
  }
}
