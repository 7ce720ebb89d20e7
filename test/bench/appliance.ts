// The compiled daemon as the benchmark drives it: over REST and Socket.IO, like any client.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import type { JobItem, ProgressView } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../appliance/contract/events.ts';
import { isFinal } from '../../appliance/contract/job.ts';
import { tree } from '../support/process-tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const Manifest = z.object({ model: z.object({ threads: z.number() }) });
const Submitted = z.object({ job_id: z.string() });
const Deleted = z.object({ status: z.string() });
const Line = z.object({ msg: z.string(), url: z.string().optional() });

export interface BegunJob {
  readonly jobId: string;
  /** The first one with a frame in it. */
  readonly progress: ProgressView;
}

export interface JobTimes {
  /** ms from the upload's last byte to the first frame that was reported. */
  readonly firstProgressMs: number;
  /** From `running` to `completed`, as the daemon stamped them. */
  readonly seconds: number;
  readonly frames: number;
  readonly detections: number;
}

export class Appliance {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
    this.#socket = io(url, { transports: ['websocket'] });
  }

  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<Appliance> {
    const folder = await mkdtemp(join(tmpdir(), 'vedette-bench-'));
    const config = join(folder, 'vedette.yaml');
    await writeFile(config, JSON.stringify({ data: folder, serve: { port: 0 }, mqtt: { url: 'off' }, ...settings }));
    const child = spawn(process.execPath, ['dist/daemon/main.js'], {
      cwd: root,
      // The channel: should the benchmark end before it, the daemon leaves too.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: {
        // eslint-disable-next-line no-restricted-properties -- the child needs a PATH
        PATH: process.env['PATH'],
        VEDETTE_CONFIG: config,
      },
    });
    const { stdout } = child;
    if (stdout === null) throw new Error('the daemon has no output');
    const appliance = new Appliance(await readUrl(stdout), child, folder);
    stdout.resume();
    const answer = await new Promise<WatchAnswer>((resolve) => {
      appliance.#socket.emit('watch', { all: true }, resolve);
    });
    if ('error' in answer) throw new Error(answer.error);
    return appliance;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Pids of all below the daemon: the worker at work, the spare, and what confines them. */
  get workers(): number[] {
    return tree(this.pid).slice(1);
  }

  killWorkers(): void {
    for (const pid of this.workers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // what confined it has taken it along
      }
    }
  }

  /** Submits, waits for the end. `beforeLastByte` is called when all but the end of the upload has been sent. */
  async run(
    video: string,
    hooks: { beforeLastByte?: () => void; onProgress?: (progress: ProgressView) => void } = {},
  ): Promise<JobTimes> {
    const seen = { first: 0, running: 0 };
    const onProgress = (progress: ProgressView) => {
      if (seen.first === 0 && progress.current_frame > 0) seen.first = performance.now();
      hooks.onProgress?.(progress);
    };
    this.#socket.on('progress', onProgress);
    const ended = new Promise<JobItem>((resolve) => {
      const onJob = (job: JobItem) => {
        if (job.status === 'running') seen.running = job.ts;
        if (!isFinal(job.status)) return;
        this.#socket.off('job', onJob);
        resolve(job);
      };
      this.#socket.on('job', onJob);
    });
    const { sent } = await this.#upload(video, hooks.beforeLastByte);
    const job = await ended;
    this.#socket.off('progress', onProgress);
    if (job.status !== 'completed') throw new Error(`${video}: ${job.status}: ${job.error_message ?? ''}`);
    return {
      firstProgressMs: seen.first - sent,
      seconds: (job.ts - seen.running) / 1000,
      frames: job.summary?.frame_count ?? 0,
      detections: job.summary?.detection_count ?? 0,
    };
  }

  /** Submits, and waits for the first frame only. */
  async begin(video: string): Promise<BegunJob> {
    const first = new Promise<ProgressView>((resolve) => {
      const onProgress = (progress: ProgressView) => {
        if (progress.current_frame === 0) return;
        this.#socket.off('progress', onProgress);
        resolve(progress);
      };
      this.#socket.on('progress', onProgress);
    });
    const { jobId } = await this.#upload(video, undefined);
    return { jobId, progress: await first };
  }

  /** Throws where the job has ended by itself: whatever was measured beside it was not. */
  async cancel(jobId: string): Promise<void> {
    const answer = await fetch(`${this.url}/v1/jobs/${jobId}`, { method: 'DELETE' });
    const { status } = Deleted.parse(await answer.json());
    if (status !== 'cancelled') throw new Error('the job was over before the measurement');
  }

  /** Of one inference, as the worker chose. */
  async threads(): Promise<number> {
    const answer = await fetch(`${this.url}/v1/plugins/yolo-tracker/manifest`);
    return Manifest.parse(await answer.json()).model.threads;
  }

  async metric(name: string): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (.+)$`, 'm').exec(metrics)?.[1];
    if (value === undefined) throw new Error(`no metric ${name}`);
    return Number(value);
  }

  async stop(): Promise<void> {
    this.#socket.disconnect();
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** `sent`: the time when the last byte was handed to the kernel. */
  async #upload(video: string, beforeLastByte: (() => void) | undefined): Promise<{ sent: number; jobId: string }> {
    const head = Buffer.from(
      '--cut\r\nContent-Disposition: form-data; name="file"; filename="v.mp4"\r\nContent-Type: video/mp4\r\n\r\n',
    );
    const tail = Buffer.from('\r\n--cut--\r\n');
    const { size } = await stat(video);
    const post = request(`${this.url}/v1/video/submit?plugin_id=yolo-tracker&tool=video_player_detection`, {
      method: 'POST',
      headers: {
        'content-type': 'multipart/form-data; boundary=cut',
        'content-length': head.length + size + tail.length,
      },
    });
    const answered = once(post, 'response');
    post.write(Buffer.concat([head, await readFile(video)]));
    beforeLastByte?.();
    let sent = 0;
    post.end(tail, () => (sent = performance.now()));
    const [response] = (await answered) as [IncomingMessage];
    const answer = await text(response);
    if (response.statusCode !== 200) throw new Error(`submit answered ${String(response.statusCode)}: ${answer}`);
    return { sent, jobId: Submitted.parse(JSON.parse(answer)).job_id };
  }
}

/** Read until its spare has loaded the model: jobs start at once from then on. */
async function readUrl(output: Readable): Promise<string> {
  let url: string | undefined;
  for await (const printed of createInterface({ input: output })) {
    const { data } = Line.safeParse(printed.startsWith('{') ? JSON.parse(printed) : {});
    if (data?.msg === 'listening') url = data.url;
    if (data?.msg === 'ready for jobs' && url !== undefined) return url;
  }
  throw new Error('the daemon left before it was ready for jobs');
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN) / 1024;
}
