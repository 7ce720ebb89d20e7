// `vedette model check`: what a model file is, whether it can be used here, how fast, and what it sees in a picture.
import { execFile } from 'node:child_process';
import { basename, extname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Detections } from '../contract/frame.ts';
import { ModelAnswer, type ModelQuestion } from '../contract/model-check.ts';
import type { ModelCommand } from './arguments.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { checkEntry, demoVideo } from './installation.ts';

type CheckCommand = Extract<ModelCommand, { action: 'check' }>;
type Usable = Exclude<ModelAnswer, { fault: unknown }>;

const execute = promisify(execFile);
/** An engine for TensorRT takes its time. */
const longestMs = 30 * 60_000;
const shownClasses = 12;

/** Prints what it finds; returns the exit code. Needs no appliance. */
export async function checkModel(
  { file, image, out }: CheckCommand,
  { providers, runtime }: Pick<Environment, 'providers' | 'runtime'>,
): Promise<number> {
  const to = out ?? `${basename(image ?? '', extname(image ?? ''))}.boxes.png`;
  const answer = await ask({
    model: resolve(file),
    providers: [...providers],
    runtime,
    video: demoVideo,
    picture: image === undefined ? null : { from: resolve(image), to: resolve(to) },
  });
  if ('fault' in answer) {
    process.stderr.write(`vedette: ${file}: ${answer.fault.message}\n`);
    return exitCodes.failed;
  }
  for (const line of describe(file, answer)) process.stdout.write(`${line}\n`);
  if (image !== undefined && answer.detections) {
    for (const line of list(answer.detections)) process.stdout.write(`${line}\n`);
    process.stdout.write(`The picture with their boxes: ${to}\n`);
  }
  return exitCodes.ok;
}

/** A program of the worker's does it, in a process of its own: a library that does not fit may take the process with it. */
async function ask(question: ModelQuestion): Promise<ModelAnswer> {
  const args = [...process.execArgv, checkEntry, JSON.stringify(question)];
  try {
    const { stdout } = await execute(process.execPath, args, { timeout: longestMs, maxBuffer: 64 * 2 ** 20 });
    return ModelAnswer.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    const { stderr = '', signal, message } = error as { stderr?: string; signal?: string | null; message: string };
    const words = /^\w*Error.*$/m.exec(stderr)?.[0] ?? message.split('\n', 1)[0] ?? '';
    const reason = signal ? `the process that loaded it was ended by ${signal}` : words;
    return { fault: { code: 'model-invalid', message: `The model cannot be checked: ${reason}` } };
  }
}

/** The card in words. */
function describe(file: string, { card, refused, speed }: Usable): string[] {
  const more = card.classes.length - shownClasses;
  const names = card.classes.slice(0, shownClasses).join(', ') + (more > 0 ? `, and ${more} more` : '');
  const threads = `${card.threads} thread${card.threads === 1 ? '' : 's'}`;
  const rows: (readonly [label: string, text: string])[] = [
    ['sha256', card.sha256],
    ['input', `${card.input}, ${card.inputWidth} × ${card.inputHeight} pixels`],
    ['layout', card.layout],
    ['classes', `${card.classes.length}: ${names}`],
    ['task', `${card.task}, stride ${card.stride}`],
    ['provider', card.provider === 'cpu' ? `cpu, ${threads}` : card.provider],
    ...refused.flatMap(({ provider, reason, remedy }) => [
      ['refused', `${provider}: ${reason}`] as const,
      ['', `→ ${remedy}`] as const,
    ]),
    [
      'speed',
      `${speed.ms.toFixed(1)} ms a frame of ${speed.width} × ${speed.height}, the median of ${speed.runs} runs`,
    ],
  ];
  return [`${file} can be used.`, ...rows.map(([label, text]) => `  ${label.padEnd(9)} ${text}`)];
}

function list({ xyxy, class_name: names, confidence }: Detections): string[] {
  const lines = xyxy.map((box, at) => {
    const [x1, y1, x2, y2] = box.map((side) => side.toFixed(0));
    return `  ${(confidence[at] ?? 0).toFixed(2)} ${names[at] ?? ''} from ${x1}, ${y1} to ${x2}, ${y2}`;
  });
  return [`${lines.length} object${lines.length === 1 ? '' : 's'} in the picture:`, ...lines];
}
