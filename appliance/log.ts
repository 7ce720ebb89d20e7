// One logger for each process: JSON lines, or a readable form on a terminal. Secrets are masked where they are written.
import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

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

/** `level`: trace, debug, info, warn, error, fatal or silent. */
export function openLog(level: string, name: string): Log {
  const options = { level, name, redact: { paths: secrets, censor: '***' } };
  return process.stdout.isTTY ? pino(options, pretty({ sync: true, ignore: 'pid,hostname' })) : pino(options);
}

/** The same URL without its user and password, for logs and answers. */
export function maskUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@');
}
