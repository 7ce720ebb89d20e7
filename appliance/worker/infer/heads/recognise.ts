// Which head a network has: by what its labels file says, by its metadata, and by its outputs. Never a guess.
import { Fault } from '../../../contract/fault.ts';
import type { ModelMetadata } from '../metadata.ts';
import { columns } from './columns.ts';
import { detr } from './detr.ts';
import { endToEnd } from './end-to-end.ts';
import { type Family, type Seen, shapeText } from './family.ts';
import { flatClassFirst, flatScoreFirst } from './flat.ts';
import type { Head } from './head.ts';
import { counted, queries } from './lists.ts';
import { pair } from './pair.ts';
import { rows, rowsOfOnes } from './rows.ts';
import { yolox } from './yolox.ts';

const families: readonly Family[] = [
  columns,
  rows,
  rowsOfOnes,
  endToEnd,
  yolox,
  detr,
  queries,
  pair,
  counted,
  flatScoreFirst,
  flatClassFirst,
];

/**
 * Every family that the metadata leaves possible is asked, and exactly one has to see itself in the outputs. Throws Fault
 * model-invalid where none does or several do, telling what was seen and what is understood.
 */
export function recogniseHead(seen: Seen): Head {
  const { metadata } = seen;
  if (metadata.task !== null && metadata.task !== 'detect' && metadata.task !== 'segment') {
    throw refusal(seen, `it was made for the task "${short(metadata.task)}"`);
  }
  const read: { family: Family; head: Head }[] = [];
  const against: string[] = [];
  for (const family of families.filter(({ name }) => isPossible(name, metadata))) {
    const head = family.recognise(seen);
    if (typeof head === 'string') against.push(`${head} (as ${family.name})`);
    else if (head !== null) read.push({ family, head });
  }
  const [only, ...more] = read;
  if (only !== undefined && more.length === 0) return asTold(only.head, metadata);
  if (only !== undefined) {
    const names = read.map(({ family }) => `"${family.name}"`).join(' or ');
    throw refusal(
      seen,
      `its outputs can be read in ${read.length} ways; a file <model>.labels.json has to say "head": ${names}`,
    );
  }
  const told = metadata.overrides.head === null ? null : `its labels file says "head": "${metadata.overrides.head}"`;
  const builtIn = metadata.endToEnd === true ? 'its metadata says that suppression is built in (end2end or nms)' : null;
  const why = against.length > 0 ? against : ['its outputs have no known layout'];
  throw refusal(seen, [told, builtIn, ...why].filter((text) => text !== null).join('; '));
}

/** What the labels file says comes first, then what the exporter wrote. */
function isPossible(name: Family['name'], { overrides, endToEnd: builtIn, head }: ModelMetadata): boolean {
  if (overrides.head !== null) return name === overrides.head;
  if (head === 'RTDETRDecoder') return name === 'rt-detr';
  if (builtIn === null) return true;
  return builtIn === (name === 'end-to-end');
}

function asTold(head: Head, { overrides }: ModelMetadata): Head {
  const { framing, colours, scale } = overrides;
  return {
    ...head,
    framing: framing ?? head.framing,
    colours: colours ?? head.colours,
    scale: scale ?? head.scale,
  };
}

function refusal({ outputs, metadata }: Seen, why: string): Fault {
  const slots = Object.entries(outputs).map(([name, { dims, data }]) => {
    return `${short(name)} ${data instanceof Float32Array ? 'floats' : 'integers'} ${shapeText(dims)}`;
  });
  const task = metadata.task === null ? '' : `, its task "${short(metadata.task)}"`;
  return new Fault(
    'model-invalid',
    `The model cannot be used: ${why}. Its outputs are ${slots.join(', ') || 'none'}${task}. ` +
      `Vedette understands ${families.map(({ looks }) => looks).join('; ')}.`,
  );
}

/** A file may name things as long as it likes. */
function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
