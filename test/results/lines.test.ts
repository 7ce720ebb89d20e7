// Lines and pages of an artifact, whole and in the making.
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineIndex } from '../../appliance/daemon/results/line-index.ts';
import { asElements, lineBatches } from '../../appliance/daemon/results/lines.ts';
import { Pages } from '../../appliance/daemon/results/pages.ts';
import { tempData } from '../support/temp-data.ts';

function tempFile(content?: string): string {
  const path = join(tempData(), 'frames.ndjson');
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

async function textOf(pieces: AsyncIterable<Uint8Array | string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += Buffer.from(piece).toString();
  return text;
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `{"n":${from + at}}\n`).join('');

test('whatever the lines and the size of a read, batches are whole lines and nothing is lost', async () => {
  const path = tempFile();
  const lines = fc.array(fc.json(), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.integer({ min: 1, max: 80 }),
      fc.constantFrom('', '{"half'),
      async (documents, batchBytes, rest) => {
        const whole = documents.map((document) => `${JSON.stringify(JSON.parse(document))}\n`).join('');
        writeFileSync(path, whole + rest);
        for await (const batch of lineBatches(path, { batchBytes })) expect(batch.at(-1)).toBe(0x0a);
        expect(await textOf(lineBatches(path, { batchBytes }))).toBe(whole);
        const array: unknown = JSON.parse(`[${await textOf(asElements(lineBatches(path, { batchBytes })))}]`);
        expect(array).toEqual(documents.map((document) => JSON.parse(document) as unknown));
      },
    ),
    { numRuns: 60 },
  );
});

test('a file that is not there has no lines', async () => {
  expect(await textOf(lineBatches(tempFile()))).toBe('');
  expect(await new LineIndex(tempFile()).count()).toBe(0);
});

test('a reader that has seen enough stops at the signal', async () => {
  const path = tempFile(numbered(100_000));
  const stop = new AbortController();
  const read = async () => {
    for await (const batch of lineBatches(path, { batchBytes: 1000, signal: stop.signal }))
      stop.abort(new Error(`${batch.length} bytes`));
  };
  await expect(read()).rejects.toThrow('bytes');
});

test('an index follows a file that grows, and begins anew with one that was replaced', async () => {
  const path = tempFile(`${numbered(300)}{"n":3`);
  const index = new LineIndex(path);
  expect(await index.count()).toBe(300);
  appendFileSync(path, `00}\n${numbered(700, 301)}`);
  expect(await Promise.all([index.count(), index.count()])).toEqual([1001, 1001]);
  const range = await index.range(256, 2);
  expect(await textOf(lineBatches(path, { range }))).toBe('{"n":256}\n{"n":257}\n');
  rmSync(path);
  writeFileSync(path, numbered(5, 7));
  expect(await index.count()).toBe(5);
  expect(await textOf(lineBatches(path, { range: await index.range(4, 10) }))).toBe('{"n":11}\n');
});

test('pages hold what was asked for, wherever it lies', async () => {
  const path = tempFile(`${numbered(2000)}{"n":`);
  const pages = new Pages();
  for (const [offset, limit] of [
    [0, 1],
    [0, 1000],
    [255, 3],
    [256, 256],
    [1999, 10],
    [2000, 10],
    [99999, 10],
  ] as const) {
    const frames = Array.from({ length: 2000 }, (_, n) => ({ n })).slice(offset, offset + limit);
    expect(JSON.parse(await textOf(pages.pieces(path, { offset, limit })))).toEqual({
      offset,
      limit,
      total: 2000,
      frames,
    });
  }
});
