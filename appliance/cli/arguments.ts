// What may be typed: the commands and their options, read with node's own parseArgs.
import { parseArgs, type ParseArgsConfig } from 'node:util';

export const commandNames = ['start', 'serve', 'run', 'doctor', 'tune', 'model', 'backup', 'restore'] as const;
export type CommandName = (typeof commandNames)[number];

export interface StartCommand {
  readonly kind: 'start';
  /** Undefined: the bundled clip. */
  readonly video: string | undefined;
  readonly once: boolean;
  readonly demo: boolean;
  readonly url: string | undefined;
}

export interface RunCommand {
  readonly kind: 'run';
  readonly file: string;
  /** One, or several that look at the same decode. */
  readonly tools: readonly string[];
  /** Of the appliance's pipelines. */
  readonly pipeline: string | undefined;
  /** Where the video with boxes drawn on it goes. */
  readonly annotated: string | undefined;
  /** Where the whole result goes as JSON; `-` is stdout. */
  readonly json: string | undefined;
  readonly url: string | undefined;
}

/** What is done with models: `vedette model ACTION`. */
export type ModelCommand =
  | { readonly kind: 'model'; readonly action: 'list'; readonly url: string | undefined }
  | { readonly kind: 'model'; readonly action: 'use'; readonly name: string; readonly url: string | undefined }
  | {
      readonly kind: 'model';
      readonly action: 'check';
      /** An ONNX file. */
      readonly file: string;
      /** A PNG or JPEG file that it is tried on. */
      readonly image: string | undefined;
      /** Where the picture with boxes goes; undefined: named after `image`, in the current folder. */
      readonly out: string | undefined;
    };

const modelActions = ['list', 'use', 'check'] as const satisfies readonly ModelCommand['action'][];

export interface TuneCommand {
  readonly kind: 'tune';
  /** Undefined: the configured one. */
  readonly model: string | undefined;
  /** Undefined: the bundled clip. */
  readonly video: string | undefined;
  /** Of each trial. */
  readonly frames: number;
}

export interface BackupCommand {
  readonly kind: 'backup';
  readonly file: string;
  /** A file that is there is overwritten. */
  readonly force: boolean;
}

export interface RestoreCommand {
  readonly kind: 'restore';
  readonly file: string;
}

export type Command =
  | { readonly kind: 'help'; readonly of: CommandName | undefined }
  | { readonly kind: 'version' }
  | StartCommand
  | { readonly kind: 'serve' }
  | RunCommand
  | { readonly kind: 'doctor'; readonly url: string | undefined }
  | ModelCommand
  | TuneCommand
  | BackupCommand
  | RestoreCommand;

/** What was typed cannot be understood. `hint` says where to look. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string;

  constructor(message: string, of?: CommandName) {
    super(message);
    this.hint = `See: vedette ${of === undefined ? '' : `${of} `}--help`;
  }
}

/** Throws UsageError. */
export function readArguments(typed: readonly string[]): Command {
  const [first, ...rest] = typed;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    return { kind: 'help', of: commandNames.find((name) => name === rest[0]) };
  }
  if (first === '--version') return { kind: 'version' };
  const name = commandNames.find((known) => known === first);
  if (name === undefined) {
    const what = first.startsWith('-') ? 'option' : 'command';
    throw new UsageError(`unknown ${what} '${first}'. Commands: ${commandNames.join(', ')}`);
  }
  return readers[name](rest);
}

const url = { url: { type: 'string' } } as const;

const readers = {
  start(rest) {
    const options = { ...url, once: { type: 'boolean' }, 'no-demo': { type: 'boolean' } } as const;
    const { values, positionals, help } = read('start', rest, options, 1);
    if (help) return help;
    const [video] = positionals;
    const demo = !values['no-demo'];
    if (!demo && video !== undefined) throw new UsageError('--no-demo submits no video; leave one of the two', 'start');
    if (!demo && values.once) throw new UsageError('--once ends after a job, and --no-demo starts none', 'start');
    return { kind: 'start', video, once: values.once ?? false, demo, url: values.url };
  },
  serve(rest) {
    return read('serve', rest, {}, 0).help ?? { kind: 'serve' };
  },
  run(rest) {
    const options = {
      ...url,
      tool: { type: 'string', multiple: true },
      pipeline: { type: 'string' },
      annotated: { type: 'string' },
      json: { type: 'string' },
    } as const;
    const { values, positionals, help } = read('run', rest, options, 1);
    if (help) return help;
    const [file] = positionals;
    if (file === undefined) throw new UsageError('which file?', 'run');
    const { tool: tools = ['detect'], pipeline, annotated, json } = values;
    if (annotated === '-') throw new UsageError('--annotated takes a file, not stdout', 'run');
    return { kind: 'run', file, tools, pipeline, annotated, json, url: values.url };
  },
  doctor(rest) {
    const { values, help } = read('doctor', rest, url, 0);
    return help ?? { kind: 'doctor', url: values.url };
  },
  tune(rest) {
    const options = {
      model: { type: 'string' },
      video: { type: 'string' },
      frames: { type: 'string', default: '150' },
    } as const;
    const { values, help } = read('tune', rest, options, 0);
    if (help) return help;
    const frames = Number(values.frames);
    if (!Number.isInteger(frames) || frames < 20) throw new UsageError('--frames takes a number from 20 on', 'tune');
    return { kind: 'tune', model: values.model, video: values.video, frames };
  },
  model([first, ...rest]) {
    const action = modelActions.find((known) => known === first);
    if (action !== undefined) return modelReaders[action](rest);
    const known = `Actions: ${modelActions.join(', ')}`;
    if (first === undefined) throw new UsageError(`what is to be done? ${known}`, 'model');
    const { help } = read('model', [first], {}, 1);
    if (help) return help;
    throw new UsageError(`unknown action '${first}'. ${known}`, 'model');
  },
  backup(rest) {
    const { values, positionals, help } = read('backup', rest, { force: { type: 'boolean' } } as const, 1);
    if (help) return help;
    const [file] = positionals;
    if (file === undefined) throw new UsageError('into which file?', 'backup');
    return { kind: 'backup', file, force: values.force ?? false };
  },
  restore(rest) {
    const { positionals, help } = read('restore', rest, {}, 1);
    if (help) return help;
    const [file] = positionals;
    if (file === undefined) throw new UsageError('from which file?', 'restore');
    return { kind: 'restore', file };
  },
} satisfies Record<CommandName, (rest: readonly string[]) => Command>;

const modelReaders = {
  list(rest) {
    const { values, help } = read('model', rest, url, 0);
    return help ?? { kind: 'model', action: 'list', url: values.url };
  },
  use(rest) {
    const { values, positionals, help } = read('model', rest, url, 1);
    if (help) return help;
    const [name] = positionals;
    if (name === undefined) throw new UsageError('which model? See vedette model list', 'model');
    return { kind: 'model', action: 'use', name, url: values.url };
  },
  check(rest) {
    const options = { image: { type: 'string' }, out: { type: 'string' } } as const;
    const { values, positionals, help } = read('model', rest, options, 1);
    if (help) return help;
    const [file] = positionals;
    if (file === undefined) throw new UsageError('which file?', 'model');
    const { image, out } = values;
    if (out !== undefined && image === undefined) throw new UsageError('--out needs an --image to draw on', 'model');
    return { kind: 'model', action: 'check', file, image, out };
  },
} satisfies Record<ModelCommand['action'], (rest: readonly string[]) => Command>;

function read<Options extends NonNullable<ParseArgsConfig['options']>>(
  of: CommandName,
  typed: readonly string[],
  options: Options,
  most: number,
) {
  const parsed = parse(of, typed, options);
  const [extra] = parsed.positionals.slice(most);
  if (extra !== undefined) throw new UsageError(`'${extra}' is one argument too many`, of);
  const asked = 'help' in parsed.values && parsed.values.help === true;
  return { ...parsed, help: asked ? ({ kind: 'help', of } as const) : undefined };
}

function parse<Options extends NonNullable<ParseArgsConfig['options']>>(
  of: CommandName,
  typed: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({
      args: [...typed],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    // Node explains at length how to pass a file that begins with a dash; its first sentence is enough.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new UsageError(reason.charAt(0).toLowerCase() + reason.slice(1), of);
  }
}
