// A worker process that behaves as its input file says: it finishes, dies, hangs or lies. It speaks the real messages.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobFiles, Mark, type Summary } from '../../../appliance/contract/frame.ts';
import { type FromWorker, ToWorker } from '../../../appliance/contract/ipc.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
export interface Script {
  readonly behaviour: keyof typeof behaviours;
  readonly frames: number;
}

function tell(message: FromWorker | { type: 'nonsense' }, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function work({ artifactDir }: Start, frames: number): void {
  tell({ type: 'stage', stage: 'probing', ts: Date.now() });
  const mark: Mark = { progress: 50, frame: frames, most_frames: frames, total_frames: frames, pts_s: frames / 25 };
  writeFileSync(join(artifactDir, jobFiles.mark), JSON.stringify(mark));
  tell({ type: 'stage', stage: 'analyzing', ts: Date.now() });
  for (let frame = 1; frame <= frames; frame++) {
    tell({ type: 'progress', currentFrame: frame, totalFrames: frames, ts: Date.now() });
  }
}

function leaveArtifact({ artifactDir }: Start, frames: number): { bytes: number; summary: Summary } {
  const lines = Array.from({ length: frames }, (_, index) => {
    const detections = { xyxy: [], confidence: [], class_id: [], class_name: [] };
    return `${JSON.stringify({ frame_index: index, pts_s: index / 25, detections })}\n`;
  }).join('');
  const summary = { total_frames: frames, total_detections: 0, classes: {}, fps: 25, duration_s: frames / 25 };
  writeFileSync(join(artifactDir, jobFiles.frames), lines);
  writeFileSync(join(artifactDir, jobFiles.summary), JSON.stringify(summary));
  return { bytes: Buffer.byteLength(lines), summary };
}

const behaviours = {
  finishes: (start: Start, frames: number) => {
    work(start, frames);
    tell({ type: 'stage', stage: 'packaging', ts: Date.now() });
    const { bytes, summary } = leaveArtifact(start, frames);
    tell({ type: 'done', frames, bytes, summary, warnings: [] }, () => process.exit(0));
  },
  'finishes without progress': (start: Start, frames: number) => {
    tell({ type: 'stage', stage: 'analyzing', ts: Date.now() });
    const { bytes, summary } = leaveArtifact(start, frames);
    tell({ type: 'done', frames, bytes, summary, warnings: [] }, () => process.exit(0));
  },
  'waits to be cancelled': (start: Start, frames: number) => {
    work(start, frames);
  },
  dies: (start: Start, frames: number) => {
    work(start, frames);
    process.stderr.write('demuxer: assertion failed\n', () => process.kill(process.pid, 'SIGSEGV'));
  },
  'dies once': (start: Start, frames: number) => {
    if (existsSync(join(start.artifactDir, jobFiles.mark))) return behaviours.finishes(start, frames);
    behaviours.dies(start, frames);
  },
  'dies a little later each time': (start: Start, frames: number) => {
    const path = join(start.artifactDir, jobFiles.mark);
    const reached = existsSync(path) ? Mark.parse(JSON.parse(readFileSync(path, 'utf8'))).frame : 0;
    if (reached >= frames) return behaviours.finishes(start, frames);
    behaviours.dies(start, reached + 50);
  },
  'takes all the memory': (start: Start, frames: number) => {
    work(start, frames);
    const taken: Buffer[] = [];
    setInterval(() => taken.push(Buffer.alloc(16 * 1024 * 1024, 1)), 20);
  },
  hangs: (start: Start, frames: number) => {
    work(start, frames);
    // A blocked thread: it hears no message and no SIGTERM, but the beats before it went out.
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 50);
  },
  'idles with a beating heart': (start: Start, frames: number) => {
    work(start, frames);
    setInterval(() => tell({ type: 'alive', framesRead: frames }), 50);
  },
  'says done without a result': (start: Start, frames: number) => {
    work(start, frames);
    const summary = { total_frames: frames, total_detections: 0, classes: {}, fps: 25, duration_s: 1 };
    tell({ type: 'done', frames, bytes: 100, summary, warnings: [] }, () => process.exit(0));
  },
  'says done with half a result': (start: Start, frames: number) => {
    work(start, frames);
    const { bytes, summary } = leaveArtifact(start, frames);
    tell({ type: 'done', frames, bytes: bytes * 2, summary, warnings: [] }, () => process.exit(0));
  },
  'talks nonsense': () => {
    tell({ type: 'nonsense' });
  },
} as const satisfies Record<string, (start: Start, frames: number) => void>;

process.on('message', (raw) => {
  const message = ToWorker.parse(raw);
  if (message.type === 'prepare') {
    const { name } = message.model;
    if (name === 'broken') {
      tell({ type: 'failed', code: 'model-invalid', message: 'The model cannot be read.' }, () => process.exit(1));
      return;
    }
    const model = { name, sha256: 'ab'.repeat(32), provider: 'cpu' as const, classes: ['thing'], task: 'detect' };
    tell({
      type: 'ready',
      model: { ...model, input: '', layout: '', inputWidth: 320, inputHeight: 320, stride: 32, threads: 1 },
      refused: [],
    });
  } else if (message.type === 'start') {
    const script = JSON.parse(readFileSync(message.inputPath, 'utf8')) as Script;
    behaviours[script.behaviour](message, script.frames);
  } else if (message.type === 'cancel') {
    tell({ type: 'failed', code: 'cancelled', message: 'Cancelled' }, () => process.exit(0));
  }
});
process.on('disconnect', () => process.exit(0));
