// Videos and networks that are measured with; each is made when it is first asked for.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { boxesNetwork } from './network-files.ts';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export class Material {
  readonly models = join(root, 'models');
  readonly sample = join(root, 'models/demo/sample.mp4');
  readonly demo = join(root, 'models/demo.onnx');
  readonly kiosk = join(root, 'ui/dist');
  /** A folder that is removed at the end. */
  readonly scratch: string;

  constructor(scratch: string) {
    this.scratch = scratch;
  }

  /** YOLOv8n and a real video are no part of the project. Throws where they are not at hand. */
  get yolo(): string {
    return this.#real('yolov8n.onnx');
  }

  /** 768×432, the first frames of a real video. */
  streetFrames(frames: number): Promise<string> {
    const source = this.#real('one-by-one-person-detection.mp4');
    return this.#make(`street-${frames}.mp4`, ['-i', source, '-frames:v', String(frames), '-c', 'copy']);
  }

  /** The bundled clip so many times over; 350 frames each. */
  looped(times: number): Promise<string> {
    return this.#make(`sample-${times}.mp4`, ['-stream_loop', String(times - 1), '-i', this.sample, '-c', 'copy']);
  }

  square(frames: number): Promise<string> {
    return this.#drawn(`square-${frames}.mp4`, '640x640', frames);
  }

  /** 1920×1080; at least so many frames. */
  async fullHd(frames: number): Promise<string> {
    const once = await this.#drawn('full-hd.mp4', '1920x1080', 600);
    const times = Math.ceil(frames / 600);
    return this.#make(`full-hd-${frames}.mp4`, ['-stream_loop', String(times - 1), '-i', once, '-c', 'copy']);
  }

  /** The size of YOLOv8 for 640², 20 boxes in each frame. */
  async boxes(): Promise<string> {
    return this.#network('boxes', { side: 640, anchors: 8400, classes: 80, objects: 20 });
  }

  async tiny(): Promise<string> {
    return this.#network('tiny', { side: 32, anchors: 21, classes: 3, objects: 1 });
  }

  async #network(name: string, options: Parameters<typeof boxesNetwork>[0]): Promise<string> {
    const path = join(this.scratch, `${name}.onnx`);
    await writeFile(path, boxesNetwork(options));
    return path;
  }

  #drawn(name: string, size: string, frames: number): Promise<string> {
    const picture = ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=30`, '-frames:v', String(frames)];
    return this.#make(name, [...picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']);
  }

  async #make(name: string, how: readonly string[]): Promise<string> {
    const path = join(this.scratch, name);
    if (!existsSync(path)) await exec('ffmpeg', ['-v', 'error', ...how, path]);
    await access(path);
    return path;
  }

  #real(name: string): string {
    // eslint-disable-next-line no-restricted-properties -- where the material lies is the tester's setting
    const folder = process.env['VEDETTE_REAL'] ?? join(root, '../shared/real');
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`${name} is not in ${folder} (set VEDETTE_REAL)`);
    return path;
  }
}
