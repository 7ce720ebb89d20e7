// What is set of the appliance on the kiosk: shown, changed, kept, and told to those who go by it at once.
import { rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Fault } from '../../contract/fault.ts';
import type { SettingsChange, SettingValue, SettingView } from '../../contract/settings-api.ts';
import { type Log, maskUrl } from '../../log.ts';
import { writeDurably } from '../record/write-durably.ts';
import { kioskFile } from './kiosk-file.ts';
import { compose, type KioskValues, type Layers, mistakesIn, valueAt } from './layers.ts';
import { offered } from './offered.ts';
import { type Rule, settingRules } from './rules.ts';
import { type Settings, SettingsSchema } from './schema.ts';

export interface KioskSettingsOptions {
  /** The data folder. */
  readonly data: string;
  /** With what the kiosk's file said when the daemon started. */
  readonly layers: Layers;
  /** Why that file says nothing; null where it is as it should be. */
  readonly broken: string | null;
  readonly log: Log;
}

export class KioskSettings {
  readonly #file: string;
  readonly #layers: Layers;
  readonly #log: Log;
  readonly #rules: readonly Rule[] = settingRules();
  readonly #defaults: Settings;
  readonly #followers: ((now: Settings) => void)[] = [];
  /** As the kiosk has them; some of them hold from the next start on. */
  #wanted: Settings;
  #kiosk: KioskValues;
  #now: Settings;
  #complaint: string | null = null;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor({ data, layers, log }: KioskSettingsOptions) {
    this.#file = kioskFile(data);
    this.#layers = layers;
    this.#log = log;
    this.#kiosk = layers.kiosk;
    this.#wanted = SettingsSchema.parse(compose(layers));
    this.#now = this.#wanted;
    this.#defaults = SettingsSchema.parse(compose({ ...layers, file: {}, kiosk: {}, variables: [] }));
  }

  /** A file that cannot be used is set aside: the appliance starts without it, and says so. */
  static async open(options: KioskSettingsOptions): Promise<KioskSettings> {
    const settings = new KioskSettings(options);
    if (options.broken !== null) await settings.#setAside(options.broken);
    return settings;
  }

  /** As they hold now. */
  get now(): Settings {
    return this.#now;
  }

  /** A sentence while what was set before does not hold, else null. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /** Called after each change of what holds now. */
  follow(follower: (now: Settings) => void): void {
    this.#followers.push(follower);
  }

  view(): SettingView[] {
    return this.#rules.map((rule) => {
      const value = valueIn(this.#wanted, rule.key);
      return {
        ...rule,
        value: shown(value),
        default: valueIn(this.#defaults, rule.key),
        source: this.#sourceOf(rule.key),
        pending: value !== valueIn(this.#now, rule.key),
      };
    });
  }

  /** On the disk when it returns, and in force as far as that needs no restart. Throws Fault 'setting-refused'. */
  change(change: SettingsChange): Promise<void> {
    const turn = this.#writing.then(() => this.#change(change));
    this.#writing = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  }

  async #change({ set, reset }: SettingsChange): Promise<void> {
    for (const key of [...Object.keys(set), ...reset]) this.#checkKey(key);
    for (const [key, value] of Object.entries(set)) this.#checkValue(key, value);
    const kept = Object.entries(this.#kiosk).filter(([key]) => !reset.includes(key));
    const kiosk = { ...Object.fromEntries(kept), ...set };
    const wanted = this.#checked(kiosk);
    if ('serve.port' in set) await this.#checkPort(wanted.serve);
    await writeDurably(this.#file, `${JSON.stringify(kiosk, null, 2)}\n`);
    this.#log.info({ set: Object.keys(set), reset }, 'settings changed on the kiosk');
    this.#kiosk = kiosk;
    this.#wanted = wanted;
    this.#complaint = null;
    this.#now = this.#checked(this.#holdingNow(kiosk));
    for (const follower of this.#followers) follower(this.#now);
  }

  /** What is live as it is now, all else as it was at the start. */
  #holdingNow(kiosk: KioskValues): KioskValues {
    const from = (values: KioskValues, effect: 'live' | 'restart') =>
      Object.entries(values).filter(([key]) => offered.get(key)?.effect === effect);
    return Object.fromEntries([...from(kiosk, 'live'), ...from(this.#layers.kiosk, 'restart')]);
  }

  #checked(kiosk: KioskValues): Settings {
    const layers = { ...this.#layers, kiosk };
    const checked = SettingsSchema.safeParse(compose(layers));
    if (checked.data) return checked.data;
    throw new Fault('setting-refused', mistakesIn(checked.error, layers).join('\n'), { cause: checked.error });
  }

  #checkKey(key: string): void {
    if (!offered.has(key)) throw new Fault('setting-refused', `${key}: this cannot be set on the kiosk.`);
    const variable = this.#variableOf(key);
    if (variable === undefined) return;
    throw new Fault('setting-refused', `${key}: ${variable} says what this is; nothing set here stands above it.`);
  }

  #checkValue(key: string, value: SettingValue): void {
    if (value === null && offered.get(key)?.empty === null) {
      throw new Fault('setting-refused', `${key}: a value is needed. To go back to the file's, reset it.`);
    }
    if (key === 'mqtt.url' && (valueAt(this.#layers.file, 'mqtt.password') ?? null) !== null) {
      // Else whoever stands at the kiosk could have it sent to a broker of their own.
      throw new Fault(
        'setting-refused',
        'mqtt.url: the settings file holds a password for its broker; change both there.',
      );
    }
    if (typeof value === 'string' && value.includes('//***@')) {
      throw new Fault('setting-refused', `${key}: give the user and the password again; they are not shown.`);
    }
  }

  /** One that cannot be listened on would take the appliance away at its next start, and the kiosk with it. */
  async #checkPort({ port, host }: Settings['serve']): Promise<void> {
    if (port === this.#now.serve.port || (port !== 0 && (await isFree(port, host)))) return;
    throw new Fault('setting-refused', `serve.port: ${port} cannot be used on this machine; choose another one.`);
  }

  #variableOf(key: string): string | undefined {
    return this.#layers.variables.find(({ path }) => path === key)?.variable;
  }

  #sourceOf(key: string): SettingView['source'] {
    if (this.#variableOf(key) !== undefined) return 'variable';
    if (Object.hasOwn(this.#kiosk, key)) return 'kiosk';
    return (valueAt(this.#layers.file, key) ?? null) === null ? 'default' : 'file';
  }

  async #setAside(reason: string): Promise<void> {
    const aside = `${this.#file}.broken`;
    this.#complaint = `What was set on the kiosk cannot be used (${reason}) and does not hold; set it anew.`;
    this.#log.error({ reason, aside }, 'settings of the kiosk are set aside');
    try {
      await rm(aside, { recursive: true, force: true });
      await rename(this.#file, aside);
    } catch (err) {
      this.#log.warn({ err }, 'settings of the kiosk cannot be set aside');
    }
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function valueIn(settings: Settings, key: string): SettingValue {
  const value = valueAt(settings, key);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Without the password that a URL may hold. */
function shown(value: SettingValue): SettingValue {
  return typeof value === 'string' ? maskUrl(value) : value;
}
