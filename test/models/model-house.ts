// A daemon with a folder of tiny models, each of its own colour names, and what a client asks of it.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { JobItem } from '../../appliance/contract/api.ts';
import { ModelList, ModelView } from '../../appliance/contract/model-api.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { colourModel } from '../worker/onnx-file.ts';

/** Sees red, green and blue. `mark`: makes the file another one. `side`: of its input; a large one takes its time. */
export function colours(mark: string, side = 64): Uint8Array {
  const metadata = { names: "{0: 'red', 1: 'green', 2: 'blue'}", task: 'detect', stride: '32', mark };
  return colourModel({ width: side, height: side, box: [32, 32, 40, 40], metadata });
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

const Result = z.object({
  model: z.object({ name: z.string(), sha256: z.string(), provider: z.string(), settings: z.unknown() }),
  summary: z.object({ classes: z.record(z.string(), z.number()), total_frames: z.number() }),
});
const Refused = z.object({ detail: z.unknown() });

export class ModelHouse {
  readonly folder: string;
  readonly data: string;
  #daemon: RunningDaemon | undefined;

  /** With `first.onnx` and `second.onnx` in the operator's folder. */
  constructor() {
    this.folder = join(tempData(), 'operator');
    this.data = tempData();
    mkdirSync(this.folder);
    for (const name of ['first', 'second']) this.put(name, colours(name));
  }

  get daemon(): RunningDaemon {
    if (!this.#daemon) throw new Error('no daemon was started');
    return this.#daemon;
  }

  put(name: string, content: Uint8Array | string): void {
    writeFileSync(join(this.folder, name.includes('.') ? name : `${name}.onnx`), content);
  }

  /** `env`: beside the folders; `settings`: beside those of the model, which is the first. */
  async start(env: Readonly<Record<string, string>> = {}, settings = ''): Promise<void> {
    const file = join(this.data, 'vedette.yaml');
    writeFileSync(file, `model:\n  name: first\n  providers: [cpu]\n  max_upload_mb: 1\n${settings}`);
    this.#daemon = await startDaemon({
      folder: this.data,
      env: { VEDETTE_CONFIG: file, VEDETTE_MODELS: this.folder, ...env },
    });
    await this.#daemon.logged('ready for jobs');
  }

  async stop(): Promise<void> {
    expect(await this.daemon.stop()).toBe(0);
  }

  async ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.daemon.url}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  }

  /** With the JSON body. */
  send(method: string, path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    return this.ask(path, { method, body: JSON.stringify(body) });
  }

  async list(): Promise<ModelView[]> {
    return ModelList.parse((await this.ask('/v1/models')).body).models;
  }

  async inUse(): Promise<string[]> {
    return (await this.list()).filter((model) => model.in_use).map(({ name }) => name);
  }

  /** When a worker has seen it. */
  async seen(name: string): Promise<ModelView> {
    let view: ModelView | undefined;
    await expect
      .poll(
        async () => {
          view = (await this.list()).find((model) => model.name === name);
          return view?.state ?? 'checking';
        },
        { timeout: 20_000 },
      )
      .not.toBe('checking');
    return ModelView.parse(view);
  }

  upload(fileName: string, content: Uint8Array | string, labels?: string) {
    const form = new FormData();
    form.set('file', new File([content], fileName));
    if (labels !== undefined) form.set('labels', new File([labels], 'labels.json'));
    return this.ask('/v1/models', { method: 'POST', body: form });
  }

  /** `options`: more of the query. */
  async submit(video: Blob, options = ''): Promise<string> {
    const form = new FormData();
    form.set('file', video, 'clip.mp4');
    const path = `/v1/video/submit?plugin_id=yolo&tool=detect${options}`;
    const { body } = await this.ask(path, { method: 'POST', body: form });
    return z.object({ job_id: z.uuid() }).parse(body).job_id;
  }

  async job(id: string): Promise<JobItem> {
    return JobItem.parse((await this.ask(`/v1/jobs/${id}`)).body);
  }

  /** When it has ended well. */
  async result(id: string): Promise<z.infer<typeof Result>> {
    await expect.poll(async () => (await this.job(id)).status, { timeout: 60_000 }).toBe('completed');
    return Result.parse((await this.ask(`/v1/jobs/${id}/result`)).body);
  }
}

/** The sentence of a refusal. */
export function reasonIn(body: unknown): string {
  return JSON.stringify(Refused.parse(body).detail);
}
