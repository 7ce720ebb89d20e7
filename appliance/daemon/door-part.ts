// Who may come in as the settings want it, and the PIN of those who are in.
import type { Log } from '../log.ts';
import { type Config, isLoopback } from './config.ts';
import { Operator } from './operator/operator.ts';
import type { LiveServerOptions } from './publish/live-server.ts';
import { sessionIn } from './serve/cookies.ts';
import { Gate } from './serve/gate.ts';
import { Sessions } from './serve/sessions.ts';

export interface Door extends Pick<LiveServerOptions, 'mayOpen' | 'mayConnect'> {
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly operator: Operator;
}

export async function openDoor({ auth, serve, data }: Config, log: Log): Promise<Door> {
  const sessions = new Sessions();
  const gate = new Gate({
    keyHashes: auth === 'open' ? [] : auth.keys.map((key) => key.sha256),
    open: auth === 'open',
    allowedOrigins: serve.allowed_origins,
    loopback: isLoopback(serve.host),
    sessions,
  });
  return {
    gate,
    sessions,
    operator: await Operator.open({ data, log }),
    mayOpen: (caller) => gate.mayOpen(caller),
    mayConnect: ({ cookies, ...caller }) => gate.mayConnect({ ...caller, session: sessionIn(cookies) }),
  };
}
