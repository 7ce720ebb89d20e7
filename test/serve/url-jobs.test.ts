// Submits by URL, as they are taken in: what is checked at once, and what the job knows of its source.
import { describe, expect, it } from 'vitest';
import { toJobItem } from '../../appliance/contract/api.ts';
import { Fault } from '../../appliance/contract/fault.ts';
import { SubmitUrlRequest } from '../../appliance/contract/submit-api.ts';
import { bookSchema } from '../../appliance/daemon/pipelines/book.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';
import { UrlIntake } from '../../appliance/daemon/serve/url-intake.ts';
import { tempData } from '../support/temp-data.ts';
import { MemoryDesk } from './memory-desk.ts';
import { ModelShelf } from './model-shelf.ts';

const book = bookSchema(() => undefined).parse({
  pipelines: {
    tracks: { stages: { download: 40, analyse: { weight: 60, tools: ['track'] } } },
    empty: { stages: {} },
  },
});

function open() {
  const desk = new MemoryDesk(tempData());
  const plugins = new PluginCatalogue();
  const assignments = new Assignments({ plugins, pipelines: new Pipelines(book), models: new ModelShelf() });
  const checkUrl = (text: string) =>
    text.includes('refused')
      ? Promise.reject(new Fault('source-url-refused', 'The URL is refused.'))
      : Promise.resolve(new URL(text));
  return { desk, intake: new UrlIntake({ desk, assignments, checkUrl }) };
}

const url = 'https://user:hidden@example.com/a/The%20match.mp4?sig=hidden';

describe('a submit by URL', () => {
  it('makes a job at once, whose source is still to come, with a stage for that', async () => {
    const { intake } = open();
    const { job, replayed } = await intake.submit({ url, tool: 'detect' });
    expect(replayed).toBe(false);
    expect(job).toMatchObject({ status: 'pending', sourceUrl: url, sourceType: '', sourceBytes: 0 });
    expect(job).toMatchObject({ sourceName: 'The match.mp4', tools: ['video_player_detection'], jobType: 'video' });
    expect(job.plan.stages[0]).toEqual({ stage: 'downloading', weight: 10 });
    expect(JSON.stringify(toJobItem(job))).not.toContain('hidden');
    expect(toJobItem(job).source_url).toBe('https://example.com/a/The%20match.mp4');
  });

  it('takes the tools of its pipeline where it names none, and the name that it is given', async () => {
    const { intake } = open();
    const job = await intake.command({ url, pipeline: 'tracks', name: '../../etc/Final.mp4', annotated: true });
    expect(job).toMatchObject({ tools: ['video_player_tracking'], sourceName: 'Final.mp4' });
    expect(job.plan.stages.map(({ stage }) => stage)).toEqual([
      'downloading',
      'probing',
      'analyzing',
      'annotating',
      'packaging',
    ]);
    expect(job.options).toMatchObject({ pipeline: 'tracks', annotated: true, model: null });
    const several = await intake.command({ url, pipeline: 'tracks', tools: ['detect', 'track'] });
    expect(several.jobType).toBe('video_multi');
  });

  it('asks for no name where the queue is full', async () => {
    const { desk, intake } = open();
    desk.full = true;
    await expect(intake.submit({ url: 'http://refused/', tool: 'detect' })).rejects.toMatchObject({
      code: 'queue-full',
    });
  });

  it('is refused with the reason: no tool, no such pipeline, no such URL', async () => {
    const { intake } = open();
    await expect(intake.submit({ url })).rejects.toMatchObject({ detail: [{ loc: ['body', 'tool'] }] });
    await expect(intake.command({ url, pipeline: 'empty' })).rejects.toMatchObject({ code: 'command-malformed' });
    await expect(intake.submit({ url, pipeline: 'track' })).rejects.toThrow(
      'There is no pipeline "track". Near: "tracks".',
    );
    await expect(intake.submit({ url: 'http://refused/', tool: 'detect' })).rejects.toThrow('The URL is refused.');
    expect(SubmitUrlRequest.safeParse({ url, tool: 'a', tools: ['b'] }).error?.issues[0]?.path).toEqual(['tools']);
    expect(SubmitUrlRequest.safeParse({ url, tol: 'a' }).success).toBe(false);
  });
});
