// A real logger whose lines can be read.
import { pino } from 'pino';
import { z } from 'zod';

const Line = z.looseObject({ level: z.number(), msg: z.string() });

export class LogBook {
  readonly lines: z.infer<typeof Line>[] = [];
  readonly log = pino(
    { level: 'debug' },
    { write: (text: string) => void this.lines.push(Line.parse(JSON.parse(text))) },
  );

  count(msg: string): number {
    return this.lines.filter((line) => line.msg === msg).length;
  }
}
