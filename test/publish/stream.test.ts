import { describe, expect, it } from 'vitest';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { makeJob } from '../support/job.ts';
import { LogBook } from './log-book.ts';

const book = new LogBook();
const { log } = book;

describe('the event stream', () => {
  it('tells every listener of a kind, in order, before emit returns', () => {
    const stream = new EventStream({ log });
    const heard: string[] = [];
    stream.on('job-changed', ({ job }) => heard.push(`first ${job.seq}`));
    stream.on('job-changed', ({ job }) => heard.push(`second ${job.seq}`));
    stream.on('job-removed', () => heard.push('removed'));
    stream.emit({ kind: 'job-changed', job: makeJob({ seq: 1 }) });
    stream.emit({ kind: 'job-changed', job: makeJob({ seq: 2 }) });
    expect(heard).toEqual(['first 1', 'second 1', 'first 2', 'second 2']);
  });

  it('goes on to the other listeners, and logs, when one throws', () => {
    const stream = new EventStream({ log });
    const heard: number[] = [];
    stream.on('job-changed', () => {
      throw new Error('a listener of no use');
    });
    stream.on('job-changed', ({ job }) => heard.push(job.seq));
    stream.emit({ kind: 'job-changed', job: makeJob({ seq: 7 }) });
    stream.emit({ kind: 'job-changed', job: makeJob({ seq: 8 }) });
    expect(heard).toEqual([7, 8]);
    const lines = book.lines.filter(({ msg }) => msg === 'event listener threw');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ kind: 'job-changed', err: { message: 'a listener of no use' } });
  });

  it('tells an event that a listener emits after the one under way', () => {
    const stream = new EventStream({ log });
    const heard: string[] = [];
    stream.on('job-changed', ({ job }) => stream.emit({ kind: 'job-removed', jobId: job.id }));
    stream.on('job-changed', () => heard.push('changed'));
    stream.on('job-removed', () => heard.push('removed'));
    stream.emit({ kind: 'job-changed', job: makeJob() });
    expect(heard).toEqual(['changed', 'removed']);
  });

  it('stops telling a listener that has left, even in the middle of an event', () => {
    const stream = new EventStream({ log });
    const heard: string[] = [];
    let leave = () => {};
    stream.on('job-changed', () => leave());
    leave = stream.on('job-changed', () => heard.push('late'));
    stream.emit({ kind: 'job-changed', job: makeJob() });
    expect(heard).toEqual([]);
  });
});
