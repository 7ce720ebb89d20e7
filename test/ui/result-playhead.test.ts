// The playhead: it shows what the browser presents, and leads it to the middle of exact frames.
import { describe, expect, test } from 'vitest';
import type { ResultFrame } from '../../appliance/contract/frame.ts';
import { FrameStore } from '../../ui/src/screens/result/frame-store.svelte.ts';
import type { Media } from '../../ui/src/screens/result/media.ts';
import { Playhead } from '../../ui/src/screens/result/playhead.svelte.ts';

const empty = { xyxy: [], confidence: [], class_id: [], class_name: [] };
const frames = Array.from({ length: 100 }, (_, frame_index): ResultFrame => {
  return { frame_index, pts_s: frame_index / 25, detections: empty };
});

/** A video element as far as the playhead sees one. */
class OldVideo extends EventTarget implements Media {
  currentTime = 0;
  playbackRate = 1;
  muted = false;
  readonly duration = 4;
  paused = true;
  seeking = false;

  play(): Promise<void> {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

/** One that tells which picture it presents. */
class Video extends OldVideo {
  #tell: ((now: number, picture: { mediaTime: number }) => void) | null = null;

  requestVideoFrameCallback(tell: (now: number, picture: { mediaTime: number }) => void): number {
    this.#tell = tell;
    return 1;
  }

  present(mediaTime: number): void {
    this.#tell?.(0, { mediaTime });
    this.dispatchEvent(new Event('seeked'));
  }
}

async function playing() {
  const store = new FrameStore({
    load: async (offset, limit) => Promise.resolve(frames.slice(offset, offset + limit)),
    fps: 25,
  });
  const ticks: ((now: number) => void)[] = [];
  const clock = { next: (tell: (now: number) => void) => ticks.push(tell), cancel: () => ticks.splice(0) };
  const playhead = new Playhead({ store, duration: 4, frames: clock });
  await store.get(0);
  return { store, playhead, ticks };
}

describe('the playhead', () => {
  test('shows nothing before the first picture, then the frame of each picture that is presented', async () => {
    const { playhead } = await playing();
    const video = new Video();
    playhead.attach(video);
    expect(playhead.shown.state).toBe('loading');
    video.present(0);
    expect(playhead.frame?.index).toBe(0);
    video.present(1.000001);
    expect(playhead.frame?.index).toBe(25);
  });

  test('takes the first picture for the first frame, wherever the clock of the file begins', async () => {
    const { playhead } = await playing();
    const video = new Video();
    playhead.attach(video);
    playhead.seek(2);
    expect(video.currentTime).toBe(0);
    video.present(1.4);
    expect(playhead.frame?.index).toBe(0);
    expect(video.currentTime).toBeCloseTo(1.4 + 2 + 0.02);
    video.present(3.4);
    expect(playhead.frame?.index).toBe(50);
    expect(playhead.time).toBeCloseTo(2);
  });

  test('steps by frames from the one that is on its way, and seeks into its middle', async () => {
    const { playhead } = await playing();
    const video = new Video();
    playhead.attach(video);
    video.present(0);
    video.seeking = true;
    await playhead.step(1);
    await playhead.step(1);
    await playhead.step(1);
    expect(video.currentTime).toBe(0);
    video.seeking = false;
    video.present(0);
    expect(video.currentTime).toBeCloseTo(3.5 / 25);
    video.present(3 / 25);
    await playhead.step(-1);
    expect(video.currentTime).toBeCloseTo(2.5 / 25);
    expect(video.paused).toBe(true);
  });

  test('keeps to the frame under its time where a browser does not tell which picture it presents', async () => {
    const { playhead } = await playing();
    const video = new OldVideo();
    playhead.attach(video);
    video.dispatchEvent(new Event('loadeddata'));
    expect(playhead.frame?.index).toBe(0);
    playhead.seek(1);
    expect(video.currentTime).toBeCloseTo(1.02);
    expect(playhead.frame?.index).toBe(0);
    video.dispatchEvent(new Event('seeked'));
    expect(playhead.frame?.index).toBe(25);
  });

  test('goes on from where it was led to, however late the picture comes', async () => {
    const { playhead } = await playing();
    const video = new Video();
    playhead.attach(video);
    video.present(0);
    playhead.move(1);
    playhead.move(1);
    expect(video.currentTime).toBeCloseTo(2.02);
  });

  test('goes through the frames by itself where there is no video', async () => {
    const { playhead, ticks } = await playing();
    playhead.goWithout();
    expect(playhead.frame?.index).toBe(0);
    playhead.setRate(2);
    playhead.play();
    ticks.shift()?.(1000);
    ticks.shift()?.(1500);
    expect(playhead.frame?.index).toBe(25);
    playhead.pause();
    await playhead.step(-1);
    expect(playhead.frame?.index).toBe(24);
    playhead.seek(99);
    expect(playhead.frame?.index).toBe(99);
  });
});
