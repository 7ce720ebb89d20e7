// The contract, line by line, against a running server: over HTTP, WebSockets and MQTT alone.
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { adminCases } from './admin.ts';
import { Api } from './api.ts';
import type { Bench } from './bench.ts';
import { imageCases } from './images.ts';
import { jobCases } from './jobs.ts';
import { makeMedia, noMedia } from './media.ts';
import { mqttCases } from './mqtt.ts';
import { pluginCases } from './plugins.ts';
import { pushCases } from './push.ts';
import { ruleCases } from './rules.ts';
import { stageCases } from './stages.ts';
import { streamCases } from './stream.ts';
import { openTarget, other, type Target } from './target.ts';
import { videoCases } from './video.ts';

// A whole video may have to be waited for.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const name = `the contract${other === null ? '' : ` at ${other}`}${noMedia === null ? '' : ` (${noMedia})`}`;

describe.skipIf(noMedia !== null)(name, () => {
  const opened: { target?: Target; bench?: Bench } = {};
  const bench = (): Bench => {
    if (!opened.bench) throw new Error('the server was not reached');
    return opened.bench;
  };

  beforeAll(async () => {
    const target = await openTarget();
    opened.target = target;
    const api = new Api(target);
    const media = makeMedia();
    const video = await api.submit(media.video, 'tool=video_player_detection');
    const told = await api.ended(video);
    const tracked = await api.submit(media.video, 'tool=track');
    const several = await api.submit(media.video, 'tool=detect&tool=track');
    const image = await api.submit(media.png, 'tool=player_detection', 'image');
    for (const id of [tracked, several, image]) await api.ended(id);
    opened.bench = { api, media, told, done: { video, tracked, several, image } };
  });
  afterAll(() => opened.target?.close());

  describe('§1', () => ruleCases(bench));
  describe('§2', () => {
    videoCases(bench);
    jobCases(bench);
    imageCases(bench);
    pluginCases(bench);
    streamCases(bench);
  });
  describe('§3', () => stageCases(bench));
  describe('§4', () => adminCases(bench));
  describe('§5', () => {
    pushCases(bench);
    mqttCases(bench);
  });
});
