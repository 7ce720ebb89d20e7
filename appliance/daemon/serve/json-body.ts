// The body of a request that is a small JSON document.
import type { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { checked } from './mistakes.ts';

/** Unless told. */
const smallBytes = 64 * 1024;

/** Throws Fault 'malformed-request' for what is no JSON or too long, Unprocessable for what does not fit the schema. */
export async function readJson<S extends z.ZodType>(
  body: AsyncIterable<Uint8Array>,
  schema: S,
  mostBytes = smallBytes,
): Promise<z.output<S>> {
  return checked(schema, 'body', parsed(await readText(body, mostBytes)));
}

/** As it came. Throws Fault 'malformed-request' for one that is too long. */
export async function readText(body: AsyncIterable<Uint8Array>, mostBytes = smallBytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new Fault('malformed-request', `The body is longer than ${mostBytes / 1024} KB.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('malformed-request', 'The body is no JSON.', { cause });
  }
}
