// How old a progress event is when it reaches a client, and how late the daemon's event loop runs meanwhile.
import { setTimeout as pass } from 'node:timers/promises';
import type { ProgressView } from '../../appliance/contract/api.ts';
import { Crowd } from '../faults/crowd-process.ts';
import { Appliance } from './appliance.ts';
import { atMost, type Figure, runs, told } from './figures.ts';
import { Program } from './program.ts';
import type { Order } from './programs/bare-server.ts';

const [few, many] = [10, 1000];
/** Of one measurement: some 40 and 60 events, each to every client. */
const [fewMs, manyMs] = [4000, 6000];

export interface Push {
  /** An ONNX file, the appliance's default model. */
  readonly model: string;
  /** Longer than any measurement. */
  readonly video: string;
}

export async function fewClients(video: string): Promise<Figure[]> {
  const appliance = await Appliance.start();
  const crowd = new Crowd();
  try {
    await crowd.order({ kind: 'open', url: appliance.url, clients: few });
    const { jobId } = await appliance.begin(video);
    const ages: Ages[] = [];
    for (let run = 0; run < runs; run++) ages.push(await measure(crowd, few, fewMs));
    await appliance.cancel(jobId);
    const name = `age of a progress event at ${few} Socket.IO clients`;
    return [atMost(`${name}, p50`, p50s(ages), 3, 'ms'), atMost(`${name}, p99`, p99s(ages), 10, 'ms')];
  } finally {
    crowd.leave();
    await appliance.stop();
  }
}

/** The daemon and the bare server by turns; both run the real worker, which is what the machine is busy with. */
export async function manyClients({ model, video }: Push): Promise<Figure[]> {
  const appliance = await Appliance.start();
  const bare = new Program<Order>('bare-server');
  const crowds = { daemon: new Crowd(), bare: new Crowd() };
  try {
    await crowds.daemon.order({ kind: 'open', url: appliance.url, clients: many });
    const bareUrl = await bare.order<string>({ kind: 'listen' });
    await crowds.bare.order({ kind: 'open', url: bareUrl, clients: many });
    const seen = { daemon: [] as Ages[], bare: [] as Ages[], delayMs: [] as number[] };
    for (let run = 0; run < runs; run++) {
      const { jobId, progress } = await appliance.begin(video);
      await loopDelayMs(appliance); // starts anew
      seen.daemon.push(await measure(crowds.daemon, many, manyMs));
      seen.delayMs.push(await loopDelayMs(appliance));
      await appliance.cancel(jobId);
      seen.bare.push(await onBare(bare, crowds.bare, { model, video, like: progress }));
      const [daemon, other] = [seen.daemon.at(-1), seen.bare.at(-1)];
      process.stderr.write(`  daemon ${JSON.stringify(daemon)}, bare server ${JSON.stringify(other)}\n`);
    }
    const name = `age of a progress event at ${many} Socket.IO clients`;
    const ratio = (of: (ages: readonly Ages[]) => number[]) => {
      const bare = of(seen.bare);
      return of(seen.daemon).map((age, at) => age / (bare[at] ?? NaN));
    };
    return [
      atMost(`${name}, p50 ÷ that of a bare server`, ratio(p50s), 1.2, '', 2),
      atMost(`${name}, p99 ÷ that of a bare server`, ratio(p99s), 1.3, '', 2),
      told(`${name}, p50`, p50s(seen.daemon), 'ms', 0),
      told(`${name}, p99`, p99s(seen.daemon), 'ms', 0),
      atMost(`daemon's event-loop delay p99, full speed and ${many} sockets`, seen.delayMs, 10, 'ms', 1),
    ];
  } finally {
    crowds.daemon.leave();
    crowds.bare.leave();
    await bare.close();
    await appliance.stop();
  }
}

interface Ages {
  readonly p50: number;
  readonly p99: number;
  /** That each client heard, on average. */
  readonly events: number;
}

const p50s = (ages: readonly Ages[]) => ages.map(({ p50 }) => p50);
const p99s = (ages: readonly Ages[]) => ages.map(({ p99 }) => p99);

async function onBare(
  bare: Program<Order>,
  crowd: Crowd,
  work: { readonly model: string; readonly video: string; readonly like: ProgressView },
): Promise<Ages> {
  await bare.order({ kind: 'play', ...work });
  const ages = await measure(crowd, many, manyMs);
  await bare.order({ kind: 'stop' });
  return ages;
}

async function measure(crowd: Crowd, clients: number, ms: number): Promise<Ages> {
  await crowd.order({ kind: 'measure' });
  await pass(ms);
  const { p50, p99, messages, connected } = await crowd.report(clients);
  if (connected < clients) throw new Error(`${clients - connected} of ${clients} clients were cut`);
  return { p50, p99, events: Math.round(messages / clients) };
}

async function loopDelayMs(appliance: Appliance): Promise<number> {
  return (await appliance.metric('vedette_event_loop_delay_p99_seconds')) * 1000;
}
