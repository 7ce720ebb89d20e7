// What the daemon's push and its status route are held against: Socket.IO and one route on µWebSockets.js, and nothing else.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from 'socket.io';
import { App, us_socket_local_port } from 'uWebSockets.js';
import type { ProgressView } from '../../../appliance/contract/api.ts';
import type { FromWorker, ToWorker } from '../../../appliance/contract/ipc.ts';
import { workerEnvironment } from '../../../appliance/daemon/jobs/worker-environment.ts';
import { answerOrders } from '../answering.ts';
import { detectingWork } from '../../support/work.ts';

export type Order =
  | { readonly kind: 'listen' }
  /** Runs the real worker on a video, and tells its progress as the daemon would word it. */
  | { readonly kind: 'play'; readonly model: string; readonly video: string; readonly like: ProgressView }
  | { readonly kind: 'stop' }
  /** What `GET /status` is to answer. */
  | { readonly kind: 'answer'; readonly headers: readonly (readonly [string, string])[]; readonly body: string };

/** Every report of the worker (one in 105 ms), which is as often as the daemon pushes: ten a second. */
const intervalMs = 95;

class BareServer {
  readonly #io = new Server({ serveClient: false });
  readonly #app = App();
  #worker: { readonly child: ChildProcess; readonly folder: string } | null = null;
  #headers: readonly (readonly [string, string])[] = [];
  #body = '';

  listen(): Promise<string> {
    this.#io.on('connection', (socket) => {
      socket.on('watch', (_target: unknown, answer: (snapshot: object) => void) => {
        void socket.join('all');
        answer({});
      });
    });
    this.#app.get('/status', (response) => {
      for (const [name, value] of this.#headers) response.writeHeader(name, value);
      response.end(this.#body);
    });
    this.#io.attachApp(this.#app);
    return new Promise((resolve, reject) => {
      this.#app.listen('127.0.0.1', 0, (socket) => {
        if (socket) resolve(`http://127.0.0.1:${us_socket_local_port(socket)}`);
        else reject(new Error('no port to listen on'));
      });
    });
  }

  /** Resolves with the first report of a frame. */
  async play(model: string, video: string, like: ProgressView): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
    const child = fork(fileURLToPath(new URL('../../../dist/worker/main.js', import.meta.url)), {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: workerEnvironment(),
    });
    this.#worker = { child, folder };
    const say = (message: ToWorker) => child.send(message);
    say({ type: 'prepare', model: { name: 'bench', path: model }, providers: ['cpu'], threads: null });
    let told = 0;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('the worker left')));
      child.on('message', (message: FromWorker) => {
        if (message.type === 'ready') {
          say({
            type: 'start',
            jobId: 'bench',
            inputPath: video,
            artifactDir: folder,
            ...detectingWork,
            detection: { confidence: 0.25, iou: 0.7, classes: null, aliases: {} },
            stallMs: 60_000,
            mayJump: true,
          });
        }
        if (message.type !== 'progress' || message.ts - told < intervalMs) return;
        told = message.ts;
        const { currentFrame, totalFrames, ts } = message;
        this.#io.to('all').emit('progress', { ...like, current_frame: currentFrame, total_frames: totalFrames, ts });
        if (currentFrame > 0) resolve();
      });
    });
  }

  /** Throws where the job has ended by itself. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker === null) return;
    const over = worker.child.exitCode !== null;
    worker.child.kill('SIGKILL');
    await rm(worker.folder, { recursive: true, force: true });
    if (over) throw new Error('the job was over before the measurement');
  }

  answer(headers: readonly (readonly [string, string])[], body: string): void {
    this.#headers = headers;
    this.#body = body;
  }
}

const server = new BareServer();

async function obey(order: Order): Promise<string | null> {
  switch (order.kind) {
    case 'listen':
      return server.listen();
    case 'play':
      await server.play(order.model, order.video, order.like);
      return null;
    case 'stop':
      await server.stop();
      return null;
    case 'answer':
      server.answer(order.headers, order.body);
      return null;
  }
}

answerOrders(obey);
