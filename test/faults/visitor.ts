// Somebody who sends jobs to a daemon over HTTP, waits for their ends and compares them with what a broker retains.
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import WebSocket from 'ws';
import { z } from 'zod';
import type { Ear } from '../publish/ear.ts';

const Item = z.object({
  job_id: z.uuid(),
  status: z.string(),
  progress: z.number().nullable(),
  current_frame: z.number(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
});
export type Item = z.infer<typeof Item>;

export class Visitor {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async submit(video: string): Promise<string> {
    const form = new FormData();
    form.set('file', await openAsBlob(video), basename(video));
    const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
    const answer = await fetch(`${this.url}/v1/video/submit?${query}`, { method: 'POST', body: form });
    if (answer.status !== 200) throw new Error(`submit answered ${answer.status} ${await answer.text()}`);
    return z.object({ job_id: z.uuid() }).parse(await answer.json()).job_id;
  }

  /** Resolves when the job has come to this frame, or has ended. */
  async reached(id: string, frame: number): Promise<void> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/v1/ws/jobs/${id}`);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`the socket of job ${id} closed early (${code})`)));
      socket.on('message', (data: Buffer) => {
        const said = z
          .object({ current_frame: z.number().optional(), status: z.string().optional() })
          .parse(JSON.parse(data.toString()));
        if ((said.current_frame ?? 0) >= frame || said.status === 'completed' || said.status === 'error') resolve();
      });
    });
    socket.terminate();
  }

  /** Milliseconds that the worker had the job in hand; throws for a job that did not complete. */
  async completed(id: string): Promise<number> {
    await this.reached(id, Infinity);
    const job = await this.#get(`/v1/jobs/${id}`, Item);
    if (job.status !== 'completed') throw new Error(`job ${id} is ${job.status}`);
    return Date.parse(job.completed_at ?? '') - Date.parse(job.started_at ?? '');
  }

  async run(video: string): Promise<number> {
    return this.completed(await this.submit(video));
  }

  async remove(id: string): Promise<void> {
    await fetch(`${this.url}/v1/jobs/${id}`, { method: 'DELETE' });
  }

  async jobs(): Promise<readonly Item[]> {
    return (await this.#get('/v1/jobs?limit=100', z.object({ jobs: z.array(Item) }))).jobs;
  }

  /** A number from /metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const line = text.split('\n').find((line) => line.startsWith(`${name} `));
    return Number(line?.split(' ')[1] ?? NaN);
  }

  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return schema.parse(await (await fetch(this.url + path)).json());
  }
}

const Payload = z.object({ status: z.string(), progress: z.number().nullable(), current_frame: z.number() });

/** By topic what the broker holds now, told or retained; cleared topics are not in it. */
export function held(ear: Ear): Map<string, string> {
  const topics = new Map<string, string>();
  for (const { topic, text } of ear.heard.all) {
    if (text === '') topics.delete(topic);
    else topics.set(topic, text);
  }
  return topics;
}

/** True once the broker holds the state of the appliance and of exactly these jobs, each as it is. */
export function isRight(ear: Ear, base: string, jobs: readonly Item[]): boolean {
  const topics = held(ear);
  const status = topics.get(`${base}/status`);
  if (topics.get(`${base}/availability`) !== 'online' || status === undefined) return false;
  const ofJobs = [...topics.keys()].filter((topic) => topic.startsWith(`${base}/job/`));
  const wanted = jobs.flatMap(({ job_id, status }) => [
    `${base}/job/${job_id}`,
    ...(status === 'completed' ? [`${base}/job/${job_id}/result`] : []),
  ]);
  if (ofJobs.sort().join() !== wanted.sort().join()) return false;
  return jobs.every((job) => {
    const told = Payload.parse(JSON.parse(topics.get(`${base}/job/${job.job_id}`) ?? ''));
    // a running job moves on while one looks
    return job.status === 'running'
      ? told.status === 'running'
      : told.status === job.status && told.progress === job.progress;
  });
}
