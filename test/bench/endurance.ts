// One job of 20,000 large frames through the daemon: what grows, how often the database is written, how late the event loop runs.
import { basename, dirname } from 'node:path';
import { Appliance, residentMb } from './appliance.ts';
import { atMost, type Figure } from './figures.ts';

const early = 500;
export const late = 20_000;
/** Clients that poll all along, every 2 s as the older ones do, and then some. */
const pollMs = 200;

/** `video`: of more than `late` frames. `model`: an ONNX file. */
export async function endurance(video: string, model: string): Promise<Figure[]> {
  const appliance = await Appliance.start({ model: { folder: dirname(model), name: basename(model, '.onnx') } });
  const memory = { worker: new Growth(), daemon: new Growth() };
  const sample = (when: 'early' | 'late') => {
    memory.worker.see(when, () => Math.max(...appliance.workers.map(residentMb)));
    memory.daemon.see(when, () => residentMb(appliance.pid));
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
        if (current_frame >= early) sample('early');
        if (current_frame >= late) sample('late');
      },
    });
    process.stderr.write(`  ${frames} frames in ${seconds.toFixed(1)} s\n`);
    const delay = (await appliance.metric('vedette_event_loop_delay_p99_seconds')) * 1000;
    const writes = (await appliance.metric('vedette_progress_writes_total')) - writesBefore;
    const span = `${early} → ${late} frames of 1080p`;
    return [
      atMost(`worker RSS, ${span}`, [memory.worker.mb], 16, 'MB more', 1),
      atMost(`daemon RSS, ${span}`, [memory.daemon.mb], 32, 'MB more', 1),
      atMost(`progress writes of a ${frames}-frame job`, [writes], 21, 'writes'),
      atMost("daemon's event-loop delay p99 during that job", [delay], 10, 'ms', 1),
    ];
  } finally {
    clearInterval(poll);
    await appliance.stop();
  }
}

class Growth {
  readonly #seen: { early?: number; late?: number } = {};

  /** Looks the first time only. */
  see(when: 'early' | 'late', look: () => number): void {
    this.#seen[when] ??= look();
  }

  get mb(): number {
    const { early = NaN, late = NaN } = this.#seen;
    return late - early;
  }
}
