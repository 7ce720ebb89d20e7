// The seq rule, snapshots, and the order of the lists.
import { describe, expect, test } from 'vitest';
import { Jobs } from '../../ui/src/state/jobs.svelte.ts';
import { at, completedJob, jobId, jobItem, progressOf, runningJob } from './job-item.ts';

describe('the jobs of the screen', () => {
  test('take a delta only if its seq is higher than the known one', () => {
    const jobs = new Jobs();
    const job = runningJob(1, { seq: 50, progress: 42 });
    jobs.replace([job]);
    jobs.advance(progressOf(job, { seq: 50, progress: 99 }));
    jobs.advance(progressOf(job, { seq: 49, progress: 10 }));
    expect(jobs.get(job.job_id)?.progress).toBe(42);
    jobs.advance(progressOf(job, { seq: 51, progress: 43 }));
    expect(jobs.get(job.job_id)?.progress).toBe(43);
    jobs.put({ ...job, seq: 51, status: 'failed' });
    expect(jobs.get(job.job_id)?.status).toBe('running');
  });

  test('keep what a delta does not speak of', () => {
    const jobs = new Jobs();
    const job = runningJob(1, { source_name: 'gate.mp4' });
    jobs.replace([job]);
    jobs.advance(progressOf(job, { seq: 51, current_frame: 1300 }));
    expect(jobs.running[0]).toMatchObject({ source_name: 'gate.mp4', current_frame: 1300 });
  });

  test('do not make a job out of a delta', () => {
    const jobs = new Jobs();
    jobs.replace([]);
    jobs.advance(progressOf(runningJob(1), { seq: 51 }));
    expect(jobs.running).toEqual([]);
  });

  test('are replaced whole by a snapshot, even by lower numbers', () => {
    const jobs = new Jobs();
    jobs.replace([runningJob(1, { seq: 500 }), jobItem(2)]);
    jobs.replace([runningJob(1, { seq: 480, progress: 40 })]);
    expect(jobs.running[0]?.progress).toBe(40);
    expect(jobs.pending).toEqual([]);
  });

  test('of other appliances and of programs outside have no place in the queue, nor among what runs here', () => {
    const jobs = new Jobs();
    const appliance = { node: 'gate-south', url: null };
    const outside = { id: 't', type: 'cut', video_id: 'v', metadata: {}, status: 'queued' };
    jobs.replace([
      runningJob(1, { outside }),
      runningJob(2),
      runningJob(3, { appliance }),
      jobItem(4, { appliance }),
      jobItem(5, { outside }),
      jobItem(6),
      completedJob(7, { appliance }),
    ]);
    const numbers = (list: readonly { job_id: string }[]) => list.map(({ job_id }) => Number(job_id.slice(-2)));
    expect(numbers(jobs.running)).toEqual([2, 1]);
    expect(numbers(jobs.pending)).toEqual([6]);
    expect(numbers(jobs.besides)).toEqual([5]);
    expect(numbers(jobs.elsewhere)).toEqual([3, 4]);
    expect(numbers(jobs.finished)).toEqual([7]);
  });

  test('forget a removed job', () => {
    const jobs = new Jobs();
    jobs.replace([completedJob(1)]);
    jobs.remove(jobId(1));
    jobs.remove(jobId(7));
    expect(jobs.finished).toEqual([]);
  });

  test('wait in the order in which they will run, and end newest first', () => {
    const jobs = new Jobs();
    jobs.replace([
      jobItem(5),
      jobItem(3),
      completedJob(1, { completed_at: at(900) }),
      completedJob(2, { status: 'cancelled', completed_at: null, updated_at: at(1000) }),
    ]);
    expect(jobs.pending.map(({ job_id }) => job_id)).toEqual([jobId(3), jobId(5)]);
    expect(jobs.finished.map(({ job_id }) => job_id)).toEqual([jobId(2), jobId(1)]);
  });

  test('wait in the order of their ranks, whenever they were made', () => {
    const jobs = new Jobs();
    jobs.replace([jobItem(1), jobItem(2), jobItem(3)]);
    jobs.put(jobItem(3, { queue_rank: 0.5, seq: 2 }));
    expect(jobs.pending.map(({ job_id }) => job_id)).toEqual([jobId(3), jobId(1), jobId(2)]);
  });

  test('show the newest fifty that finished', () => {
    const jobs = new Jobs();
    jobs.replace(Array.from({ length: 80 }, (_, index) => completedJob(index)));
    expect(jobs.finished).toHaveLength(50);
    expect(jobs.finished[0]?.job_id).toBe(jobId(79));
  });

  test('tell of a changed status and a new job, not of progress nor of the first snapshot', () => {
    const told: string[] = [];
    const jobs = new Jobs({ onStatus: (job) => told.push(`${job.source_name} ${job.status}`) });
    const job = runningJob(1);
    jobs.replace([job]);
    jobs.advance(progressOf(job, { seq: 51, progress: 43 }));
    jobs.put(jobItem(2));
    jobs.put({ ...job, seq: 52, status: 'completed' });
    jobs.replace([{ ...job, seq: 52, status: 'completed' }, runningJob(2)]);
    expect(told).toEqual(['video-2.mp4 pending', 'video-1.mp4 completed', 'video-2.mp4 running']);
  });
});
