// The status that old clients poll, asked as fast as it goes while a job runs, against a bare route with the same bytes.
import { readFileSync } from 'node:fs';
import { Appliance } from './appliance.ts';
import { atLeast, atMost, type Figure, runs, told } from './figures.ts';
import { Program } from './program.ts';
import type { Order as BareOrder } from './programs/bare-server.ts';
import type { Load, Order as LoadOrder } from './programs/load.ts';

const connections = 32;
const ms = 2000;

/** `video`: longer than all of it takes. Both servers are asked by the same program, and beside the same running job. */
export async function status(video: string): Promise<Figure[]> {
  const appliance = await Appliance.start();
  const bare = new Program<BareOrder>('bare-server');
  const load = new Program<LoadOrder>('load');
  try {
    const bareUrl = await bare.order<string>({ kind: 'listen' });
    const { jobId } = await appliance.begin(video);
    const path = `/v1/video/status/${jobId}`;
    const answer = await fetch(appliance.url + path);
    const headers = [...answer.headers].filter(([name]) => !written.has(name));
    await bare.order({ kind: 'answer', headers, body: await answer.text() });

    const servers = {
      daemon: { url: appliance.url, path, pid: appliance.pid },
      bare: { url: bareUrl, path: '/status', pid: bare.pid },
    };
    const measure = async ({ url, path, pid }: (typeof servers)['bare']) => {
      const before = coreSeconds(pid);
      const seen = await load.order<Load>({ url, path, connections, ms });
      const perCoreSecond = (seen.perSecond * ms) / 1000 / (coreSeconds(pid) - before);
      return { ...seen, perCoreSecond };
    };
    await measure(servers.daemon);
    await measure(servers.bare);
    const rates: number[] = [];
    const costs: number[] = [];
    const p99s: number[] = [];
    for (let run = 0; run < runs; run++) {
      const [daemon, other] = [await measure(servers.daemon), await measure(servers.bare)];
      rates.push(daemon.perSecond / other.perSecond);
      costs.push(daemon.perCoreSecond / other.perCoreSecond);
      p99s.push(daemon.p99);
      process.stderr.write(`  daemon ${words(daemon)}; bare route ${words(other)}\n`);
    }
    await appliance.cancel(jobId);
    const name = 'status under load beside a job';
    return [
      atLeast(`${name}, requests/s ÷ those of a bare route`, rates, 0.7),
      atMost(`${name}, p99`, p99s, 5, 'ms', 2),
      told(`${name}, requests per second of the server's core ÷ those of a bare route`, costs, ''),
    ];
  } finally {
    await load.close();
    await bare.close();
    await appliance.stop();
  }
}

/** Headers that µWebSockets.js, or the connection, writes by itself. */
const written = new Set(['content-length', 'uwebsockets', 'date', 'connection', 'keep-alive', 'transfer-encoding']);

function words({ perSecond, p99, perCoreSecond }: Load & { readonly perCoreSecond: number }): string {
  return `${perSecond.toFixed(0)}/s, p99 ${p99.toFixed(1)} ms, ${perCoreSecond.toFixed(0)} a core-second`;
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function coreSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
