// The newest lines of the daemon's own log, in memory: what the System screen shows, without secrets.
import { z } from 'zod';
import type { LogLine } from '../contract/system-api.ts';
import { isSecretName, maskSecrets } from './mask.ts';

export interface LogQuery {
  readonly limit: number;
  /** This level and those above it. */
  readonly level?: LogLine['level'] | undefined;
}

/** Read only when somebody asks, or is told: most lines of a busy log at level debug are not. */
interface Kept {
  readonly n: number;
  written: string;
  line: LogLine | undefined;
}

const keptLines = 500;
/** Characters of a line as it was written; one that is longer is not JSON any more once it is cut. */
const longestRead = 8192;
const longestTold = 2000;
/** Lines are told at most four times a second, the newest of them: `n` says how many were left out. */
const tellMs = 250;
const mostTold = 100;

const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly LogLine['level'][];

/** As pino writes it. */
const Written = z.looseObject({ level: z.number(), time: z.number(), msg: z.string().default('') });
const LoggedError = z.object({
  type: z.string(),
  message: z.string(),
  code: z.union([z.string(), z.number()]).optional(),
});
/** Of every line; who asks knows which appliance this is. */
const everywhere = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);

export class LogTail {
  /** By `n` modulo their number. */
  readonly #ring: Kept[] = [];
  #n = 0;
  #told = 0;
  #tell: ((lines: readonly LogLine[]) => void) | undefined;
  #telling = false;
  #timer: NodeJS.Timeout | undefined;

  /** Hears what pino writes: one line of JSON. */
  write(written: string): void {
    this.#n += 1;
    const bounded = written.length > longestRead ? cut(written, longestRead) : written;
    this.#ring[this.#n % keptLines] = { n: this.#n, written: bounded, line: undefined };
    // A line that came of telling lines is told with the next one that did not, or it would go on for ever.
    if (!this.#telling) this.#tellSoon();
  }

  /** Oldest first. */
  newest({ limit, level = 'debug' }: LogQuery): LogLine[] {
    const lowest = levels.indexOf(level);
    const found: LogLine[] = [];
    for (let n = this.#n; n > Math.max(0, this.#n - keptLines) && found.length < limit; n--) {
      const line = this.#line(n);
      if (line && levels.indexOf(line.level) >= lowest) found.push(line);
    }
    return found.reverse();
  }

  /** Tells new lines in batches from now on, until it is closed. */
  follow(tell: (lines: readonly LogLine[]) => void): void {
    this.#told = this.#n;
    this.#tell = tell;
  }

  /** The last lines are kept, and told no more. */
  close(): void {
    this.#tell = undefined;
    clearTimeout(this.#timer);
  }

  #tellSoon(): void {
    if (!this.#tell) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tellNow();
    }, tellMs).unref();
  }

  #tellNow(): void {
    const lines = this.newest({ limit: Math.min(mostTold, this.#n - this.#told) });
    this.#told = this.#n;
    this.#telling = true;
    try {
      this.#tell?.(lines);
    } finally {
      this.#telling = false;
    }
  }

  #line(n: number): LogLine | undefined {
    const kept = this.#ring[n % keptLines];
    if (!kept) return undefined;
    if (!kept.line) {
      kept.line = read(kept.n, kept.written);
      kept.written = '';
    }
    return kept.line;
  }
}

function read(n: number, written: string): LogLine {
  const parsed = Written.safeParse(jsonOf(written));
  if (!parsed.success) return unread(n, written);
  const { level, time, msg } = parsed.data;
  const details = Object.entries(parsed.data)
    .filter(([name]) => !everywhere.has(name))
    .map(([name, value]) => `${name}=${shown(name, value)}`);
  return {
    n,
    ts: Math.floor(time),
    level: levelOf(level),
    message: told(msg),
    details: told(details.join(' ')),
  };
}

/** What is not whole JSON still begins as pino begins a line, and says its message nowhere near. */
function unread(n: number, written: string): LogLine {
  const [, level, time] = /^\{"level":(\d+),"time":(\d+)/.exec(written) ?? [];
  return {
    n,
    ts: Number(time ?? Date.now()),
    level: levelOf(Number(level ?? 30)),
    message: 'a line that is too long to be shown whole',
    details: told(written),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it was cut
  }
}

/** pino's numbers; trace counts as debug. */
function levelOf(level: number): LogLine['level'] {
  return levels[Math.min(Math.max(Math.floor(level / 10) - 2, 0), levels.length - 1)] ?? 'info';
}

function shown(name: string, value: unknown): string {
  if (isSecretName(name)) return '***';
  if (typeof value === 'string') return /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
  const error = name === 'err' ? LoggedError.safeParse(value).data : undefined;
  if (!error) return JSON.stringify(value, (inner, nested: unknown) => (isSecretName(inner) ? '***' : nested));
  const code = error.code === undefined ? '' : ` (${error.code})`;
  return JSON.stringify(`${error.type}: ${error.message}${code}`); // without its stack, which is for a developer
}

/** Masked before it is cut, or half of a secret might be taken for none. */
function told(text: string): string {
  const masked = maskSecrets(text);
  return masked.length > longestTold ? cut(masked, longestTold) : masked;
}

/** A copy: a mere slice would keep all of the long text in memory. */
function cut(text: string, characters: number): string {
  return `${Buffer.from(text.slice(0, characters - 1)).toString()}…`;
}
