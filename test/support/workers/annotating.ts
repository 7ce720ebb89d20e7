// Does jobs one after the other as a worker does, with the thread pool of a worker: a test's own process has a smaller one.
import { pino } from 'pino';
import { Fault } from '../../../appliance/contract/fault.ts';
import { annotatedPlan, plainPlan } from '../../../appliance/contract/plan.ts';
import { Hold } from '../../../appliance/worker/hold.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { loadGStreamer } from '../../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../../appliance/worker/ingest/player.ts';
import { runJob } from '../../../appliance/worker/job.ts';
import { everything } from '../everything.ts';
import { workOf } from '../work.ts';
import { tools } from '../../worker/annotate/tools.ts';
import type { Asked, Told } from '../../worker/annotate/work.ts';

const [modelPath = ''] = process.argv.slice(2);
const model = await Model.load({ name: 'colours', path: modelPath, providers: ['cpu'], threads: 1 });

process.on('message', (asked: Asked) => void answer(asked));
tell({ kind: 'ready' });

async function answer({ input, directory, tool: name, annotated, stallMs, cancelAt }: Asked): Promise<void> {
  const player = new Player(loadGStreamer());
  const leaving = new AbortController();
  const tool = tools[name];
  const said: string[] = [];
  try {
    const done = await runJob({
      start: {
        ...{ type: 'start', jobId: 'job', inputPath: input, artifactDir: directory, ...workOf(tool.id) },
        stages: (annotated ? annotatedPlan : plainPlan).stages,
        ...{ detection: everything(), stallMs, mayJump: true },
      },
      ...{ tools: [tool], model, player, platform: platforms.software },
      send: (message) => {
        if (message.type === 'held') tell({ kind: 'held', reason: message.reason });
        const frame = message.type === 'progress' ? message.currentFrame : -1;
        const isReached = message.type === 'stage' ? message.stage === cancelAt : frame >= Number(cancelAt ?? Infinity);
        if (isReached) leaving.abort(new Fault('cancelled', 'Cancelled'));
      },
      ...{ hold: new Hold(), looked: () => false, signal: leaving.signal },
      log: pino({ level: 'info' }, { write: (line: string) => void said.push(line) }),
    });
    tell({ kind: 'done', done, again: said.some((line) => line.includes('a pass of its own')) });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tell({ kind: 'failed', code: error.code, message: error.message });
  } finally {
    player.close();
  }
}

function tell(told: Told): void {
  process.send?.(told);
}
