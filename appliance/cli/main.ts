#!/usr/bin/env node
// The command line: reads what was typed, runs one command, leaves with its exit code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, readArguments, UsageError } from './arguments.ts';
import { Refusal } from './client.ts';
import { backup, restore } from './database.ts';
import { doctor } from './doctor.ts';
import { readEnvironment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { help } from './help.ts';
import { root } from './installation.ts';
import { model } from './model.ts';
import { run } from './run.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';
import { tune } from './tune.ts';

// `| head` and the like: nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.outputClosed);
});

process.exitCode = await main(process.argv.slice(2));

async function main(typed: readonly string[]): Promise<number> {
  try {
    return await perform(readArguments(typed));
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`vedette: ${error.message}\n${error.hint}\n`);
      return exitCodes.usage;
    }
    if (error instanceof Refusal) {
      process.stderr.write(`vedette: ${error.message}\n`);
      return error.unreachable ? exitCodes.unavailable : exitCodes.failed;
    }
    throw error;
  }
}

async function perform(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(help(command.of));
      return exitCodes.ok;
    case 'version':
      process.stdout.write(`${installedVersion()}\n`);
      return exitCodes.ok;
    case 'start':
      return start(command, readEnvironment(command.url));
    case 'serve':
      return serve();
    case 'run':
      return run(command, readEnvironment(command.url));
    case 'doctor':
      return doctor(readEnvironment(command.url));
    case 'tune':
      return tune(command, readEnvironment(undefined));
    case 'model':
      return model(command);
    case 'backup':
      return backup(command);
    case 'restore':
      return restore(command);
  }
}

function installedVersion(): string {
  const text = readFileSync(join(root, 'package.json'), 'utf8');
  return /"version": *"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
