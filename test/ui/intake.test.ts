// What is taken of the files that somebody chose, what is wanted of them, and in which words that goes to the appliance.
import { describe, expect, test } from 'vitest';
import { ImportRequest } from '../../appliance/contract/import-api.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { ModelView } from '../../appliance/contract/model-api.ts';
import { SubmitUrlRequest } from '../../appliance/contract/submit-api.ts';
import { classesOf, confidenceOf, countByClass, wouldTell } from '../../ui/src/screens/submit/found.ts';
import { orderFor, tracking, usualChoice } from '../../ui/src/state/choice.ts';
import { Intake } from '../../ui/src/state/intake.svelte.ts';
import type { Errand } from '../../ui/src/state/upload.ts';
import { importSent, metadataSent, querySent, urlSent } from '../../ui/src/wire/job-words.ts';

const own = { plugin: 'yolo-tracker' } as const;

function file(name: string, type = '', bytes = 10): File {
  return new File([new Uint8Array(bytes)], name, { type });
}

describe('the intake', () => {
  test('takes videos and pictures by their names or types, and turns the rest away by name', () => {
    const intake = new Intake();
    intake.offer([
      ...[file('a.MP4'), file('b.mkv'), file('c.m2ts'), file('d', 'video/x-new'), file('e.ts', 'text/typescript')],
      ...[file('f.jpeg'), file('g.png', 'image/png'), file('h', 'image/jpeg')],
      ...[
        file('i.pdf', 'application/pdf'),
        file('j.heic', 'image/heic'),
        file('k.mp4', 'video/mp4', 0),
        file('l.onnx'),
      ],
    ]);
    expect(intake.chosen.map(({ file: { name }, kind }) => `${name} ${kind}`)).toEqual([
      ...['a.MP4 video', 'b.mkv video', 'c.m2ts video', 'd video', 'e.ts video'],
      ...['f.jpeg picture', 'g.png picture', 'h picture'],
    ]);
    expect(intake.turnedAway.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      ...['i.pdf kind', 'j.heic kind', 'k.mp4 empty', 'l.onnx model'],
    ]);
  });

  test('sends each with its tool and what was chosen', () => {
    const intake = new Intake();
    intake.choose({ video: tracking, confidence: 0.4, annotated: true });
    intake.offer([file('a.mp4'), file('b.png')]);
    const sent: Errand[] = [];
    intake.begin({ add: (_files, errand) => void sent.push(errand) });
    const options = { ...noJobOptions, confidence: 0.4 };
    expect(sent).toEqual([
      { kind: 'video', ...own, tools: ['video_player_tracking'], options: { ...options, annotated: true } },
      { kind: 'picture', ...own, tools: ['player_detection'], options },
    ]);
    expect(intake.chosen).toEqual([]);
    expect(intake.choice.video, 'the next ones are wanted the same').toEqual(tracking);
  });

  test("forgets one model's classes and confidence with the model", () => {
    const intake = new Intake();
    const usual = { ...usualChoice, video: tracking };
    intake.choose({ model: 'balls', confidence: 0.4, classes: ['red'] });
    intake.choose({ video: tracking });
    expect(intake.choice).toEqual({ ...usual, model: 'balls', confidence: 0.4, classes: ['red'] });
    intake.choose({ model: 'people' });
    expect(intake.choice).toEqual({ ...usual, model: 'people' });
  });

  test('says nothing of what was left to the model', () => {
    const plain = { ...own, tools: ['video_player_detection'] };
    const none = { ...plain, options: noJobOptions };
    expect(querySent(none)).toBe('plugin_id=yolo-tracker&tool=video_player_detection');
    expect(metadataSent('a.mp4', none)).toEqual({
      filename: 'a.mp4',
      plugin_id: 'yolo-tracker',
      tool: 'video_player_detection',
    });
    const all = { ...plain, options: { ...noJobOptions, model: 'm', confidence: 0.4, classes: ['a, b', 'c'] } };
    expect(querySent(all)).toContain('&model=m&confidence=0.4&classes=a%2C+b&classes=c');
    expect(metadataSent('a.mp4', all)).toMatchObject({ model: 'm', confidence: '0.4', classes: '["a, b","c"]' });
  });

  test('names several tools, a pipeline and the annotated video in the words of each way to send', () => {
    const options = { ...noJobOptions, pipeline: 'gate', annotated: true };
    const order = { plugin: 'sure-things', tools: ['sure', 'unsure'], options };
    expect(querySent(order)).toBe('plugin_id=sure-things&tool=sure&tool=unsure&pipeline=gate&annotated=true');
    const metadata = { plugin_id: 'sure-things', tool: 'sure,unsure', pipeline: 'gate', annotated: 'true' };
    expect(metadataSent('a.mp4', order)).toEqual({ filename: 'a.mp4', ...metadata });
    const taken = { folder: 'stick', paths: ['a.mp4'], plugin_id: 'sure-things', tool: ['sure', 'unsure'], options };
    expect(ImportRequest.parse(importSent('stick', ['a.mp4'], order))).toEqual(taken);
    const url = 'https://nas.lan/a.mp4';
    const asked = { url, plugin_id: 'sure-things', tools: ['sure', 'unsure'], pipeline: 'gate', annotated: true };
    expect(SubmitUrlRequest.parse(urlSent(url, order))).toEqual(asked);
  });

  test('runs the tools that a pipeline names, the chosen ones where it names none, and pictures without it', () => {
    const nothing = { description: '', stages: [], clips: [], delivers_to: [] };
    const [named, open] = [
      { ...nothing, name: 'gate', plugin_id: 'yolo-tracker', tools: ['track'] },
      { ...nothing, name: 'nas', plugin_id: null, tools: [] },
    ];
    const withGate = orderFor('video', { ...usualChoice, pipeline: named });
    expect(withGate).toEqual({ ...own, tools: ['track'], options: { ...noJobOptions, pipeline: 'gate' } });
    const withNas = orderFor('video', { ...usualChoice, video: tracking, pipeline: open });
    expect(withNas).toEqual({ ...tracking, options: { ...noJobOptions, pipeline: 'nas' } });
    const picture = orderFor('picture', { ...usualChoice, pipeline: named, annotated: true });
    expect(picture).toEqual({ ...own, tools: ['player_detection'], options: noJobOptions });
  });
});

describe('what would be told', () => {
  const model = {
    settings: { confidence: 0.5, iou: 0.7, classes: ['person', 'car'], aliases: { person: 'human' } },
    card: { classes: ['person', 'car', 'dog'] },
  } as unknown as ModelView;
  const seen = ([class_id, name, confidence]: readonly [number, string, number]) => {
    return { box: [0, 0, 1, 1] as [number, number, number, number], class: name, class_id, confidence, track_id: null };
  };
  const objects = (
    [
      [0, 'human', 0.9],
      [1, 'car', 0.8],
      [0, 'human', 0.6],
      [2, 'dog', 0.7],
      [1, 'car', 0.3],
    ] as const
  ).map(seen);

  test('follows what is set of the model until something else is chosen', () => {
    const { choice } = new Intake();
    expect(confidenceOf(choice, model)).toBe(0.5);
    expect(classesOf(choice, model)).toEqual(['person', 'car']);
    expect(countByClass(wouldTell(objects, choice, model))).toEqual([
      { name: 'human', classId: 0, count: 2 },
      { name: 'car', classId: 1, count: 1 },
    ]);
    const other = { ...choice, confidence: 0.2, classes: ['car', 'dog'] };
    expect(countByClass(wouldTell(objects, other, model)).map(({ name, count }) => `${count} ${name}`)).toEqual([
      '2 car',
      '1 dog',
    ]);
  });
});
