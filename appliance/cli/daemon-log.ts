// The log of a daemon started here: every line to a file beside its data, warnings and worse to the terminal as well.
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { prettyFactory } from 'pino-pretty';

const LogLine = z.looseObject({ level: z.number(), msg: z.string().optional() });
const ExpectedFailure = z.object({ err: z.object({ type: z.literal('Fault'), message: z.string() }) });
const warning = 40;
const fatal = 60;

export class DaemonLog {
  readonly #show: (line: string) => void;
  readonly #pretty: (line: string) => string;
  #file: WriteStream | undefined;
  #waiting: string[] = [];

  /** `show` takes a readable warning. Until `open`, lines wait in memory: where the data lie is known only then. */
  constructor(options: { show: (line: string) => void; colour: boolean }) {
    this.#show = options.show;
    this.#pretty = prettyFactory({
      colorize: options.colour,
      ignore: 'pid,hostname,name',
      translateTime: 'HH:MM:ss',
      singleLine: true,
    });
  }

  /** Writes to `vedette.log` in this folder from now on; the log of the run before is replaced. Returns the path. */
  open(folder: string): string {
    const path = join(folder, 'vedette.log');
    const file = createWriteStream(path);
    file.on('error', (error) => {
      if (this.#file !== file) return;
      this.#file = undefined;
      this.#show(`The log cannot be written, only warnings are kept: ${error.message}`);
    });
    this.#file = file;
    for (const line of this.#waiting.splice(0)) file.write(`${line}\n`);
    return path;
  }

  line(text: string): void {
    if (this.#file) this.#file.write(`${text}\n`);
    else this.#waiting.push(text);
    const entry = LogLine.safeParse(parseJson(text));
    // What is no log line was printed by something that went wrong below the logger.
    if (!entry.success) this.#show(text);
    else if (entry.data.level >= warning) this.#warn(text, entry.data);
  }

  #warn(text: string, entry: z.infer<typeof LogLine>): void {
    const { data: expected } = ExpectedFailure.safeParse(entry);
    if (!expected) return this.#show(this.#pretty(text).trimEnd());
    // What keeps the daemon from starting it has said on stderr, too.
    if (entry.level >= fatal) return;
    // Whoever foresaw a failure put all into its message: nobody here needs the stack.
    const line = { ...entry, err: undefined, msg: `${entry.msg ?? ''}: ${expected.err.message}` };
    this.#show(this.#pretty(JSON.stringify(line)).trimEnd());
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file) await new Promise<void>((resolve) => file.end(resolve));
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller shows such a line as it is.
    return undefined;
  }
}
