// One logger for each process: JSON lines, or a readable form on a terminal. Secrets are masked where they are written.
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { Fault } from './contract/fault.ts';

export type Log = Logger;

const secrets = [
  'key',
  'apiKey',
  'password',
  '*.key',
  '*.apiKey',
  '*.password',
  'headers.authorization',
  'headers["x-api-key"]',
];

/** `level`: trace, debug, info, warn, error, fatal or silent. `also`: gets each line too, as one line of JSON. */
export function openLog(level: string, name: string, also?: { write(line: string): void }): Log {
  const options = { level, name, redact: { paths: secrets, censor: '***' }, serializers: { err: toLogged } };
  const out = process.stdout.isTTY ? pretty({ sync: true, ignore: 'pid,hostname' }) : pino.destination(1);
  if (!also) return pino(options, out);
  // Both take all that the logger's level lets through; it is made a line once.
  const every = { level: 'trace' } as const;
  return pino(
    options,
    pino.multistream([
      { ...every, stream: out },
      { ...every, stream: also },
    ]),
  );
}

/** A Fault was foreseen, and its message says all; a bug needs its stack. */
function toLogged(error: unknown): unknown {
  if (error instanceof Fault) return { type: error.name, code: error.code, message: error.message };
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
}

/** The same URL without its user and password, for logs and answers. */
export function maskUrl(url: string): string {
  return url.replace(/\/\/.*@/, '//***@');
}
