// Tells systemd that the daemon is ready, alive or stopping. Without systemd every call does nothing.
import { spawn } from 'node:child_process';
import type { Log } from '../log.ts';

interface SdNotify {
  ready(): void;
  watchdog(): void;
  stopping(): void;
}

export interface SupervisorOptions {
  /** $NOTIFY_SOCKET; undefined where systemd did not start the daemon. */
  readonly notifySocket: string | undefined;
  /** $WATCHDOG_USEC; 0 where no watchdog is set. */
  readonly watchdogUs: number;
  /** Throws when the daemon is not well: the watchdog is then not fed, and systemd restarts it. */
  readonly check: () => void;
  readonly log: Log;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #notify: SdNotify;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: SupervisorOptions, notify: SdNotify) {
    this.#options = options;
    this.#notify = notify;
  }

  /** Node opens no unix datagram sockets: the `sd-notify` addon where it was built, else the `systemd-notify` command. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const notify = options.notifySocket === undefined ? silent : await loadAddon(options.log);
    return new Supervisor(options, notify);
  }

  ready(): void {
    this.#notify.ready();
    const { watchdogUs } = this.#options;
    // Three times in systemd's patience: one check that fails for what is over does not end the daemon.
    if (watchdogUs > 0) this.#timer = setInterval(() => this.#feed(), watchdogUs / 3000).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#notify.stopping();
  }

  #feed(): void {
    try {
      this.#options.check();
      this.#notify.watchdog();
    } catch (err) {
      this.#options.log.error({ err }, 'self-check failed; watchdog not fed');
    }
  }
}

const silent: SdNotify = { ready: () => undefined, watchdog: () => undefined, stopping: () => undefined };

async function loadAddon(log: Log): Promise<SdNotify> {
  try {
    return (await import('sd-notify')).default;
  } catch (err) {
    log.info({ err }, 'sd-notify is not built here; using the systemd-notify command');
    const tell = (state: string) => {
      const child = spawn('systemd-notify', [`--pid=${process.pid}`, state], { stdio: 'ignore' });
      child.once('error', (error) => log.error({ err: error }, 'systemd-notify cannot be run'));
    };
    return { ready: () => tell('READY=1'), watchdog: () => tell('WATCHDOG=1'), stopping: () => tell('STOPPING=1') };
  }
}
