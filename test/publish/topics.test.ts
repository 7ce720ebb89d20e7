import { describe, expect, it } from 'vitest';
import {
  toClientId,
  toJobPayload,
  toNodeName,
  topicsOf,
  toResultPayload,
  toStatusPayload,
} from '../../appliance/daemon/publish/topics.ts';
import { makeJob } from '../support/job.ts';
import { Source } from './source.ts';

describe('the MQTT topics', () => {
  it('are below the prefix and the node', () => {
    const topics = topicsOf('vedette', 'Gate 3');
    expect(topics.availability).toBe('vedette/gate-3/availability');
    expect(topics.status).toBe('vedette/gate-3/status');
    expect(topics.job('abc')).toBe('vedette/gate-3/job/abc');
    expect(topics.result('abc')).toBe('vedette/gate-3/job/abc/result');
  });

  it.each([
    ['box/+/#', 'box-'],
    [' Küche ', 'k-che'],
    ['jetson.local', 'jetson.local'],
    ['+', 'vedette'],
    ['', 'vedette'],
  ])('make one level without wildcards of the node name %j', (given, expected) => {
    expect(toNodeName(given)).toBe(expected);
    expect(toClientId(given)).toBe(`vedette-${expected}`);
  });

  it('carry exactly the fields of the contract', () => {
    const job = makeJob({ seq: 5, reportedAt: 1234, error: { code: 'tool-failed', message: 'The tool failed' } });
    expect(JSON.parse(toJobPayload(job, 'boot-1'))).toEqual({
      v: 1,
      ts: 1234,
      boot: 'boot-1',
      seq: 5,
      status: 'running',
      progress: 1,
      stage: 'analyzing',
      current_frame: 1,
      total_frames: 1000,
      fps: 25,
      eta_s: 40,
      error: 'The tool failed',
    });
    expect(JSON.parse(toStatusPayload(new Source().system))).toEqual({
      state: 'ok',
      reasons: [],
      version: '0.1.0',
      uptime_s: 1,
    });
    expect(JSON.parse(toResultPayload(job))).toEqual({ url: `/v1/jobs/${job.id}/result`, summary: null });
  });
});
