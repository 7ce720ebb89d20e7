// The crowd of live clients as its owner sees it: it takes one order at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Order } from './crowd.ts';

const Report = z.object({
  p50: z.number().catch(NaN),
  p99: z.number().catch(NaN),
  messages: z.number(),
  connected: z.number(),
  completed: z.number(),
});

export class Crowd {
  readonly #process: ChildProcess = fork(new URL('./crowd.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });

  async order(order: Order): Promise<unknown> {
    this.#process.send(order);
    const answer: unknown[] = await once(this.#process, 'message');
    return answer[0];
  }

  async report(of: number): Promise<z.infer<typeof Report>> {
    return Report.parse(await this.order({ kind: 'report', of }));
  }

  leave(): void {
    this.#process.kill('SIGKILL');
  }
}
