// The daemon's process: opens the appliance, and closes its parts in reverse when it is asked to leave.
import { openLog } from '../log.ts';
import { openAppliance } from './appliance.ts';
import { type Config, readConfig } from './config.ts';
import { bugExit, explain } from './exit.ts';
import { LogTail } from './log-tail.ts';
import { Parts } from './parts.ts';
import { restartExit } from './supervision.ts';

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    process.exit(explain(error));
  }
  const tail = new LogTail();
  const log = openLog(config.log, 'vedette', tail);
  const parts = new Parts(log);
  const leaving = new AbortController();
  const leave = async (code: number) => {
    if (leaving.signal.aborted) return;
    leaving.abort();
    await parts.close();
    process.exit(code);
  };
  const restart = () => {
    log.info({ code: restartExit }, 'restarting');
    setImmediate(() => void leave(restartExit)); // who asked gets an answer first
  };
  process.once('uncaughtException', (err) => {
    log.fatal({ err }, 'daemon failed by a bug');
    process.exit(bugExit);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Asked twice by the same signal: it goes at once, by what the signal does without a listener. Whatever that leaves
    // behind is taken up at the next start.
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void leave(0);
    });
  }
  // The command line and `npm run dev` start the daemon with a channel to it: it ends with them, however they end.
  const leaveToo = () => {
    log.info({ signal: 'disconnect' }, 'stopping');
    void leave(0);
  };
  process.once('disconnect', leaveToo);
  if (process.send && !process.connected) leaveToo(); // they ended before anybody here could hear it
  try {
    await openAppliance(config, log, parts, { tail, restart: config.supervisor.restarts ? restart : null });
  } catch (error) {
    if (leaving.signal.aborted) return; // a part that was still opening has been closed under it
    const code = explain(error);
    log.fatal({ code, err: error }, 'daemon cannot start');
    await leave(code);
  }
}

await main();
