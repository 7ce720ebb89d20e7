// One job of over 10,000 frames: what grows, how often the database is written, how late the event loop runs.
import { Appliance, residentMb } from './appliance.ts';
import { atMost, type Figure } from './figures.ts';

const early = 1000;
const late = 10_000;
/** Clients that poll the status all along, every 2 s as the older ones do, and then some. */
const pollMs = 200;

export async function endurance(video: string): Promise<Figure[]> {
  const appliance = await Appliance.start();
  const [worker = 0] = appliance.workers;
  const memory = { worker: [0, 0], daemon: [0, 0] };
  const sample = (slot: 0 | 1) => {
    memory.worker[slot] ||= residentMb(worker);
    memory.daemon[slot] ||= residentMb(appliance.pid);
  };
  const writesBefore = await appliance.metric('vedette_progress_writes_total');
  await appliance.metric('vedette_event_loop_delay_p99_seconds'); // the start is not part of the job
  const poll = setInterval(() => {
    fetch(`${appliance.url}/v1/jobs?limit=10`).then(
      (answer) => answer.arrayBuffer(),
      (error: unknown) => process.stderr.write(`poll failed: ${String(error)}\n`),
    );
  }, pollMs);
  try {
    const { frames, seconds } = await appliance.run(video, {
      onProgress: ({ current_frame }) => {
        if (current_frame >= early) sample(0);
        if (current_frame >= late) sample(1);
      },
    });
    process.stderr.write(`  ${frames} frames in ${seconds.toFixed(1)} s\n`);
    const delay = (await appliance.metric('vedette_event_loop_delay_p99_seconds')) * 1000;
    const writes = (await appliance.metric('vedette_progress_writes_total')) - writesBefore;
    return [
      atMost(`worker RSS, ${early} → ${late} frames`, [growth(memory.worker)], 32, 'MB more'),
      atMost(`daemon RSS, ${early} → ${late} frames`, [growth(memory.daemon)], 32, 'MB more'),
      atMost(`progress writes of a ${frames}-frame job`, [writes], 21, 'writes'),
      atMost("daemon's event-loop delay p99 during that job", [delay], 10, 'ms', 1),
    ];
  } finally {
    clearInterval(poll);
    await appliance.stop();
  }
}

function growth([from = NaN, to = NaN]: readonly number[]): number {
  return to - from;
}
