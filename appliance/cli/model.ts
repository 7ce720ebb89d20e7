// `vedette model`: the models of a running appliance, seen and chosen from a terminal.
import { type ModelCommand, UsageError } from './arguments.ts';
import { Client } from './client.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { checkModel } from './model-check.ts';
import type { ModelView } from '../contract/model-api.ts';

/** Returns the exit code. Throws UsageError, or a Refusal of the appliance. */
export async function model(command: ModelCommand): Promise<number> {
  switch (command.action) {
    case 'list':
      return list(open(command.url));
    case 'use':
      return use(open(command.url), command.name);
    case 'check':
      return checkModel(command, readEnvironment(undefined));
  }
}

async function list(client: Client): Promise<number> {
  const { models } = await client.models();
  const rows = models.map((view) => [view.in_use ? '*' : ' ', view.name, says(view)] as const);
  const width = Math.max(0, ...rows.map(([, name]) => name.length));
  for (const [mark, name, text] of rows) process.stdout.write(`${mark} ${name.padEnd(width)}  ${text}\n`);
  return exitCodes.ok;
}

async function use(client: Client, name: string): Promise<number> {
  const view = await client.useModel(name);
  process.stdout.write(`${view.name} is in use: ${says(view)}\n`);
  return exitCodes.ok;
}

/** What a person wants to know of it, in one line. */
function says({ state, reason, card, size_bytes: bytes }: ModelView): string {
  const size = `${(bytes / 2 ** 20).toFixed(1)} MB`;
  if (state === 'checking') return `${size}, being looked at`;
  if (state === 'unusable' || card === null) return `${size}, cannot be used: ${reason ?? 'no reason is known'}`;
  return `${size}, ${card.classes.length} classes, ${card.inputWidth}×${card.inputHeight}, ${card.provider}`;
}

/** Throws UsageError where nothing says at which address. */
function open(url: string | undefined): Client {
  const environment = readEnvironment(url);
  if (environment.url === null) throw new UsageError('the configured port is 0; say where with --url', 'model');
  return new Client({ url: environment.url, apiKey: environment.apiKey });
}
