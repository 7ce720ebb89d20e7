// What may be typed, and what is said of what may not.
import { describe, expect, it } from 'vitest';
import { commandNames, readArguments } from '../../appliance/cli/arguments.ts';
import { help } from '../../appliance/cli/help.ts';

const read = (line: string) => readArguments(line === '' ? [] : line.split(' '));

describe('readArguments', () => {
  it('shows the overview when nothing is typed', () => {
    expect(read('')).toEqual({ kind: 'help', of: undefined });
  });

  it.each(commandNames)('knows --help of %s, and the help names the command', (name) => {
    expect(read(`${name} --help`)).toEqual({ kind: 'help', of: name });
    expect(read(`help ${name}`)).toEqual({ kind: 'help', of: name });
    expect(help(name)).toContain(`vedette ${name}`);
    expect(help(undefined)).toContain(`vedette ${name}`);
  });

  it('starts with the bundled clip unless told otherwise', () => {
    const start = { kind: 'start', video: undefined, once: false, demo: true, url: undefined };
    expect(read('start')).toEqual(start);
    expect(read('start --once')).toEqual({ ...start, once: true });
    expect(read('start --once clip.mp4')).toEqual({ ...start, once: true, video: 'clip.mp4' });
    expect(read('start --no-demo')).toEqual({ ...start, demo: false });
  });

  it('runs a file with the detection tool unless another is named', () => {
    const plain = { pipeline: undefined, annotated: undefined, json: undefined, url: undefined };
    expect(read('run a.mp4')).toEqual({ kind: 'run', file: 'a.mp4', tools: ['detect'], ...plain });
    expect(read('run --tool detect --tool track --pipeline night --annotated out.mp4 a.mp4')).toEqual({
      ...{ kind: 'run', file: 'a.mp4', tools: ['detect', 'track'], ...plain },
      ...{ pipeline: 'night', annotated: 'out.mp4' },
    });
    expect(() => read('run --annotated - a.mp4')).toThrow('takes a file');
    expect(read('run --tool track --json - --url http://box:8000 a.mp4')).toEqual({
      kind: 'run',
      file: 'a.mp4',
      ...plain,
      tools: ['track'],
      json: '-',
      url: 'http://box:8000',
    });
  });

  it('backs up without overwriting, unless told to', () => {
    expect(read('backup a.db')).toEqual({ kind: 'backup', file: 'a.db', force: false });
    expect(read('backup --force a.db')).toEqual({ kind: 'backup', file: 'a.db', force: true });
    expect(read('restore a.db')).toEqual({ kind: 'restore', file: 'a.db' });
  });

  it('lists the models, and takes the name of the one to use', () => {
    expect(read('model list')).toEqual({ kind: 'model', action: 'list', url: undefined });
    expect(read('model use --url http://box:8000 yolo11n')).toEqual({
      kind: 'model',
      action: 'use',
      name: 'yolo11n',
      url: 'http://box:8000',
    });
    expect(read('model use --help')).toEqual({ kind: 'help', of: 'model' });
  });

  it.each([
    ['model', 'what is to be done? Actions: list, use'],
    ['model train', "unknown action 'train'. Actions: list, use"],
    ['model use', 'which model? See vedette model list'],
    ['model list all', "'all' is one argument too many"],
    ['analyse x.mp4', "unknown command 'analyse'. Commands: start, serve, run, doctor"],
    ['--once', "unknown option '--once'. Commands: start, serve, run, doctor"],
    ['run', 'which file?'],
    ['run a.mp4 b.mp4', "'b.mp4' is one argument too many"],
    ['run --fast a.mp4', "unknown option '--fast'"],
    ['run a.mp4 --json', "option '--json <value>' argument missing"],
    ['backup', 'into which file?'],
    ['restore', 'from which file?'],
    ['restore --force a.db', "unknown option '--force'"],
    ['serve now', "'now' is one argument too many"],
    ['doctor --once', "unknown option '--once'"],
    ['start --no-demo clip.mp4', '--no-demo submits no video; leave one of the two'],
    ['start --no-demo --once', '--once ends after a job, and --no-demo starts none'],
  ])('refuses `%s` with one clear sentence', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });

  it('points to the help of the command that was meant', () => {
    expect(() => read('run --fast a.mp4')).toThrow(expect.objectContaining({ hint: 'See: vedette run --help' }));
    expect(() => read('frob')).toThrow(expect.objectContaining({ hint: 'See: vedette --help' }));
  });
});
