// A worker process that tries what a decoder under somebody else's control would try, and tells what came of it.
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { jobFiles } from '../../../appliance/contract/frame.ts';
import { type FromWorker, ToWorker } from '../../../appliance/contract/ipc.ts';

/** What the input file says. */
export interface Temptation {
  readonly act: keyof typeof acts;
  readonly port: number;
  readonly daemonPid: number;
  readonly database: string;
  readonly otherInput: string;
}

/** `open`: it worked; else the code of the failure. */
export interface Loot {
  readonly tcp: string;
  readonly input: string;
  readonly database: string;
  readonly otherInput: string;
  readonly program: string;
  readonly daemonEnvironment: string;
  readonly daemonSignal: string;
  readonly artifact: string;
  readonly interfaces: readonly string[];
  readonly variables: readonly string[];
  readonly noNewPrivs: string | undefined;
  readonly capabilities: string | undefined;
}

type Start = Extract<ToWorker, { type: 'start' }>;

function tell(message: FromWorker, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}

function attempt(act: () => void): string {
  try {
    act();
    return 'open';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'failed';
  }
}

async function probe(start: Start, { port, daemonPid, database, otherInput }: Temptation): Promise<void> {
  const tcp = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
  });
  const status = readFileSync('/proc/self/status', 'utf8');
  const loot: Loot = {
    tcp,
    input: attempt(() => openSync(start.inputPath, 'r+')),
    database: attempt(() => openSync(database, 'r')),
    otherInput: attempt(() => openSync(otherInput, 'r')),
    program: attempt(() => openSync(process.argv[1] ?? '', 'r+')),
    daemonEnvironment: attempt(() => readFileSync(`/proc/${daemonPid}/environ`)),
    daemonSignal: attempt(() => process.kill(daemonPid, 0)),
    artifact: attempt(() => writeFileSync(join(start.artifactDir, jobFiles.frames), 'written')),
    interfaces: Object.keys(networkInterfaces()),
    // eslint-disable-next-line no-restricted-properties -- what reached it is what is asked
    variables: Object.keys(process.env),
    noNewPrivs: /^NoNewPrivs:\t(\d)$/m.exec(status)?.[1],
    capabilities: /^CapEff:\t(\w+)$/m.exec(status)?.[1],
  };
  const summary = { total_frames: 0, total_detections: 0, classes: {}, fps: 0, duration_s: 0 };
  tell({ type: 'done', frames: 0, bytes: 0, summary, warnings: [JSON.stringify(loot)] }, () => process.exit(0));
}

const acts = {
  probe,
  crash: () => void process.kill(process.pid, 'SIGSEGV'),
  /** A blocked thread hears no message. */
  block: () => {
    tell({ type: 'stage', stage: 'probing', ts: Date.now() }, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });
  },
  hog: () => {
    const held: Buffer[] = [];
    setInterval(() => held.push(Buffer.alloc(8 * 2 ** 20, 1)), 5);
  },
} as const satisfies Record<string, (start: Start, temptation: Temptation) => unknown>;

process.on('message', (raw) => {
  const message = ToWorker.parse(raw);
  if (message.type === 'prepare') {
    const card = { name: 'prober', sha256: 'ab'.repeat(32), provider: 'cpu' as const, classes: [], task: 'detect' };
    const model = { ...card, input: '', layout: '', inputWidth: 320, inputHeight: 320, stride: 32, threads: 1 };
    tell({ type: 'ready', model, refused: [] });
  } else if (message.type === 'start') {
    const temptation = JSON.parse(readFileSync(message.inputPath, 'utf8')) as Temptation;
    void acts[temptation.act](message, temptation);
  }
});
