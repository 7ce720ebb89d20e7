// What may be typed: the commands and their options, read with node's own parseArgs.
import { parseArgs, type ParseArgsConfig } from 'node:util';

export const commandNames = ['start', 'serve', 'run', 'doctor', 'backup', 'restore'] as const;
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
  readonly tool: string;
  /** Where the whole result goes as JSON; `-` is stdout. */
  readonly json: string | undefined;
  readonly url: string | undefined;
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
    const options = { ...url, tool: { type: 'string', default: 'detect' }, json: { type: 'string' } } as const;
    const { values, positionals, help } = read('run', rest, options, 1);
    if (help) return help;
    const [file] = positionals;
    if (file === undefined) throw new UsageError('which file?', 'run');
    return { kind: 'run', file, tool: values.tool, json: values.json, url: values.url };
  },
  doctor(rest) {
    const { values, help } = read('doctor', rest, url, 0);
    return help ?? { kind: 'doctor', url: values.url };
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
