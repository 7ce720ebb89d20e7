// Who started the daemon, as its environment tells: where systemd listens, and whether it starts the daemon again.

/** EX_TEMPFAIL of sysexits.h: to systemd a failure, after which Restart=on-failure starts the daemon again. */
export const restartExit = 75;

export interface Supervision {
  /** Undefined where systemd did not ask to be told. */
  readonly notifySocket: string | undefined;
  /** 0 where no watchdog is set. */
  readonly watchdogUs: number;
  /** True where a daemon that leaves with `restartExit` is started again. */
  readonly restarts: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * systemd.exec(5), "Environment variables set or propagated": what a service starts, such as a terminal, inherits all of
 * them, so SYSTEMD_EXEC_PID says of whom they are meant: the daemon, or `vedette serve`, which leaves with its code.
 * Before systemd 248 there is only the socket, which is asked for, and the parent to go by.
 */
export function readSupervision(environment: Environment): Supervision {
  const notifySocket = environment['NOTIFY_SOCKET'];
  const meant = environment['SYSTEMD_EXEC_PID'];
  const started = notifySocket !== undefined || (environment['INVOCATION_ID'] !== undefined && process.ppid === 1);
  return {
    notifySocket,
    watchdogUs: Number(environment['WATCHDOG_USEC'] ?? 0),
    restarts: meant === undefined ? started : [process.pid, process.ppid].map(String).includes(meant),
  };
}
