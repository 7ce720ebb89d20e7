// A real worker process, as the daemon forks it.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { FromWorker, type ToWorker } from '../../appliance/contract/ipc.ts';
import { everything } from '../support/everything.ts';
import { program } from '../support/program.ts';
import { detectingWork } from '../support/work.ts';

type Of<T extends FromWorker['type']> = Extract<FromWorker, { type: T }>;

export class ForkedWorker {
  readonly messages: FromWorker[] = [];
  /** Code and signal. */
  readonly left: Promise<[number | null, string | null]>;
  readonly process: ChildProcess;

  constructor() {
    const { entry, execArgv } = program('worker/main');
    this.process = fork(entry, {
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // eslint-disable-next-line no-restricted-properties -- the daemon hands its environment on in the same way
      env: { ...process.env, UV_THREADPOOL_SIZE: '12' },
    });
    this.left = once(this.process, 'exit') as Promise<[number | null, string | null]>;
    this.process.on('message', (message) => {
      this.messages.push(FromWorker.parse(message));
    });
  }

  send(message: ToWorker): void {
    this.process.send(message);
  }

  prepare(path: string, providers: Extract<ToWorker, { type: 'prepare' }>['providers'] = ['cpu']): void {
    this.send({ type: 'prepare', model: { name: 'test', path }, providers, threads: 1 });
  }

  start(
    inputPath: string,
    artifactDir: string,
    { confidence = 0.25, stallMs = 10_000, mayJump = true, work = detectingWork } = {},
  ): void {
    this.send({
      type: 'start',
      jobId: 'job',
      inputPath,
      artifactDir,
      ...work,
      detection: everything(confidence),
      stallMs,
      mayJump,
    });
  }

  /** The first message of this type, come already or still to come; rejects if the worker leaves without it. */
  async heard<T extends FromWorker['type']>(
    type: T,
    matches: (message: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    const wanted = (message: FromWorker): message is Of<T> => message.type === type && matches(message as Of<T>);
    for (;;) {
      const found = this.messages.find(wanted);
      if (found) return found;
      const news = await Promise.race([once(this.process, 'message'), this.left.then(() => null)]);
      if (news === null && !this.messages.some(wanted)) {
        throw new Error(`worker left without ${type}: ${JSON.stringify(this.messages.slice(-3))}`);
      }
    }
  }

  close(): void {
    this.process.kill('SIGKILL');
  }
}
