// A worker process that behaves as its input file says: it finishes, dies, hangs or lies. It speaks the real messages.
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobFiles, Mark, type Summary } from '../../../appliance/contract/frame.ts';
import { type FromWorker, ToWorker } from '../../../appliance/contract/ipc.ts';
import { productFiles } from '../../../appliance/contract/products.ts';

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

function leaveArtifact({ artifactDir, tools }: Start, frames: number): { bytes: number; summary: Summary } {
  const several = tools.length > 1;
  const ofEach = <T>(what: T) => Object.fromEntries(tools.map((tool) => [tool, what]));
  const lines = Array.from({ length: frames }, (_, index) => {
    const output = { detections: { xyxy: [], confidence: [], class_id: [], class_name: [] } };
    return `${JSON.stringify({ frame_index: index, pts_s: index / 25, ...(several ? ofEach(output) : output) })}\n`;
  }).join('');
  const nothing = { total_detections: 0, classes: {} };
  const counts = { total_frames: frames, ...nothing, fps: 25, duration_s: frames / 25 };
  const summary = several ? { ...counts, tools: ofEach(nothing) } : counts;
  writeFileSync(join(artifactDir, jobFiles.frames), lines);
  writeFileSync(join(artifactDir, jobFiles.summary), JSON.stringify(summary));
  return { bytes: Buffer.byteLength(lines), summary };
}

/** A video with boxes of the input's size, and one clip with its picture; `spoil` may change them before they are told. */
function makeProducts(start: Start, frames: number, spoil: (folder: string) => void): void {
  const { artifactDir: folder, inputPath } = start;
  work(start, frames);
  const video = readFileSync(inputPath);
  for (const name of [productFiles.annotated, 'clip-0001.mkv', 'clip-0001.jpg'])
    writeFileSync(join(folder, name), video);
  // What the worker names itself stays where it is.
  writeFileSync(join(folder, 'clip-0002.mp4'), video);
  spoil(folder);
  const { bytes, summary } = leaveArtifact(start, frames);
  const seen = { class: 'thing', seen_from_s: 1, seen_to_s: 2, from_s: 0, to_s: 3, best: 0.9 };
  const clip = { ...seen, number: 1, bytes: video.length, type: 'video/x-matroska' as const, poster: true };
  const products = { annotated_bytes: video.length, clips: [clip], deliveries: [] };
  tell({ type: 'done', frames, bytes, summary, warnings: [], products }, () => process.exit(0));
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
  'forgets its tools': (start: Start, frames: number) => {
    work(start, frames);
    const { bytes, summary } = leaveArtifact({ ...start, tools: [start.tools[0]] }, frames);
    tell({ type: 'done', frames, bytes, summary, warnings: [] }, () => process.exit(0));
  },
  'makes products': (start: Start, frames: number) => makeProducts(start, frames, () => undefined),
  'makes less than it says': (start: Start, frames: number) => {
    makeProducts(start, frames, (folder) => writeFileSync(join(folder, productFiles.annotated), 'cut off'));
  },
  'makes nothing of what it says': (start: Start, frames: number) => {
    makeProducts(start, frames, (folder) => rmSync(join(folder, productFiles.annotated)));
  },
  'makes a link': (start: Start, frames: number) => {
    makeProducts(start, frames, (folder) => {
      const path = join(folder, productFiles.annotated);
      rmSync(path);
      symlinkSync(start.inputPath, path);
    });
  },
  'makes a link of its notes': (start: Start, frames: number) => {
    makeProducts(start, frames, (folder) => symlinkSync(start.inputPath, join(folder, 'clip-0001.json')));
  },
  'makes products and fails': ({ artifactDir }: Start) => {
    writeFileSync(join(artifactDir, productFiles.annotated), 'half of it');
    writeFileSync(join(artifactDir, 'clip-0001.mp4'), 'half of it');
    tell({ type: 'failed', code: 'clip-failed', message: 'No clip could be made.' }, () => process.exit(0));
  },
  'says what it delivered': (start: Start, frames: number) => {
    work(start, frames);
    const { bytes, summary } = leaveArtifact(start, frames);
    const deliveries = [{ target: 'archive', files: 3, bytes: 5, place: '/srv/archive/' }];
    const products = { annotated_bytes: null, clips: [], deliveries };
    tell({ type: 'done', frames, bytes, summary, warnings: [], products }, () => process.exit(0));
  },
  'tells of a stage that its job lacks': () => {
    tell({ type: 'stage', stage: 'clipping', ts: Date.now() });
  },
  'tells of a share that its job lacks': () => {
    tell({ type: 'share', stage: 'annotating', share: 0.5, ts: Date.now() });
  },
  'tells times that cannot be': (start: Start, frames: number) => {
    tell({ type: 'stage', stage: 'probing', ts: -9e15 });
    tell({ type: 'stage', stage: 'analyzing', ts: 9e15 });
    tell({ type: 'progress', currentFrame: 1, totalFrames: frames, ts: 0.5 });
    behaviours.finishes(start, frames);
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
