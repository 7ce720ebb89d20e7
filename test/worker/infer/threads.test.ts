import { expect, test } from 'vitest';
import { chooseThreads } from '../../../appliance/worker/infer/threads.ts';

const demo = { bytes: 2_945_681, pixels: 320 * 320 };
const yolov8n = { bytes: 12_800_000, pixels: 640 * 640 };

test('a network that is worth it gets every core', () => {
  expect(chooseThreads(yolov8n, 2)).toBe(2);
  expect(chooseThreads(yolov8n, 8)).toBe(8);
});

test('a small network leaves a core to the decoder, where there is one to leave', () => {
  expect(chooseThreads(demo, 2)).toBe(1);
  expect(chooseThreads(demo, 8)).toBe(7);
  expect(chooseThreads(demo, 1)).toBe(1);
});
