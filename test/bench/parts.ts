// The parts of the benchmark, in the order of the table.
import { threeFrames } from './batch.ts';
import { endurance, late } from './endurance.ts';
import type { Figure } from './figures.ts';
import { kiosk } from './kiosk.ts';
import { firstProgress, startToHealthy } from './latency.ts';
import { fewClients, manyClients } from './live.ts';
import type { Material } from './material.ts';
import { overhead } from './overhead.ts';
import { status } from './status.ts';
import { defaultThreads } from './threads.ts';
import { inOneProcess, wholeDaemon } from './throughput.ts';

/** Each figure is handed on as it comes: one that fails takes none with it that was measured before. */
export const parts: Readonly<Record<string, (material: Material) => AsyncGenerator<Figure, void, undefined>>> = {
  async *'YOLOv8n job fps ÷ bare session.run fps'(material) {
    const contest = {
      model: material.yolo,
      video: await material.streetFrames(150),
      warmUp: await material.streetFrames(10),
      bareFrames: 40,
    };
    const name = 'YOLOv8n job fps ÷ bare session.run fps of that process';
    for (const threads of [1, 2]) yield await inOneProcess(name, 0.97, { ...contest, threads });
  },
  async *'YOLOv8n through the daemon'(material) {
    yield await wholeDaemon('YOLOv8n, upload to completed ÷ bare session.run fps', {
      model: material.yolo,
      video: await material.streetFrames(80),
      warmUp: await material.streetFrames(10),
      threads: null,
      bareFrames: 40,
    });
  },
  async *'demo clip'({ demo, sample }) {
    const contest = { model: demo, video: sample, warmUp: sample, threads: null, bareFrames: 150 };
    const name = 'demo clip fps ÷ lower of bare session.run and decode alone';
    yield await inOneProcess(name, 0.9, { ...contest, decoder: true });
    yield await wholeDaemon('demo clip, upload to completed ÷ bare session.run fps', contest);
  },
  async *'thread settings'(material) {
    yield await defaultThreads('demo model', { model: material.demo, video: material.sample, frames: 300 });
    const video = await material.streetFrames(80);
    yield await defaultThreads('YOLOv8n', { model: material.yolo, video, frames: 40 });
  },
  async *'JavaScript a frame'(material) {
    yield await overhead('JavaScript a frame outside session.run, 640², 8400 anchors, 20 objects', {
      model: await material.boxes(),
      short: await material.square(200),
      long: await material.square(600),
    });
  },
  async *'long job'(material) {
    const video = await material.fullHd(late + 300);
    yield* await endurance(video, await material.tiny());
  },
  async *'live clients, few'(material) {
    yield* await fewClients(await material.looped(40));
  },
  async *'live clients, many'(material) {
    yield* await manyClients({ model: material.demo, video: await material.looped(20) });
  },
  async *'status under load'(material) {
    yield* await status(await material.looped(40));
  },
  async *'first progress'({ sample }) {
    yield* await firstProgress(sample);
  },
  async *'three frames at once'({ demo, yolo, scratch }) {
    yield await threeFrames('demo model', demo, scratch);
    yield await threeFrames('YOLOv8n', yolo, scratch);
  },
  async *start() {
    yield await startToHealthy();
  },
  async *kiosk(material) {
    yield* kiosk(material.kiosk, material.sample);
  },
};
