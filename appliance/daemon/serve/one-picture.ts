// Reads a request that brings one picture: in base64 in a small JSON document, or as the file of a form.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { cutPicture, mostDocumentBytes, mostPictureBytes } from './cut-picture.ts';
import { tooLarge } from './incoming-file.ts';
import { imageType } from './magic.ts';
import { checked, missing, Unprocessable } from './mistakes.ts';
import { openForm } from './multipart.ts';
import type { RawRequest } from './route.ts';

export interface OnePicture {
  readonly picture: Buffer;
  /** `text`: in base64, as it stood in a JSON string. */
  readonly form: 'bytes' | 'text';
}

type Request = Pick<RawRequest, 'header' | 'body' | 'signal'>;

/** The 0.16.7 dialect has no one name for it. */
const names = ['image', 'image_base64', 'image_data', 'frame_base64', 'frame', 'file'];
const Placed = z.object(Object.fromEntries(names.map((name) => [name, z.literal('').optional()])));
const Document = z.looseObject({ args: Placed.optional() });

/** Throws Fault 'upload-too-large', 'malformed-request' or 'invalid-image', or Unprocessable where there is no picture. */
export async function readOnePicture(request: Request): Promise<OnePicture> {
  const isForm = /^multipart\//i.test(request.header('content-type'));
  if (isForm) return { picture: await readForm(request), form: 'bytes' };
  const declared = Number(request.header('content-length')) || 0;
  if (declared > mostDocumentBytes) throw tooLarge(mostPictureBytes);
  const { rest, picture } = cutPicture(await gathered(request.body, mostDocumentBytes), names);
  const { args = {}, ...beside } = checked(Document, 'body', rest);
  const isPlaced = names.some((name) => args[name] === '' || beside[name] === '');
  if (!picture || !isPlaced) throw new Unprocessable([missing('body', 'args', 'image')]);
  return { picture, form: 'text' };
}

async function readForm({ header, body, signal }: Request): Promise<Buffer> {
  const form = openForm(header('content-type'), { fields: 50, files: 1, fileSize: mostPictureBytes });
  let taken: Promise<Buffer> | undefined;
  form.on('file', (_, stream: Readable & { truncated?: boolean }) => {
    taken = gathered(stream, mostPictureBytes).then((bytes) => {
      if (stream.truncated === true) throw tooLarge(mostPictureBytes);
      return bytes;
    });
    taken.catch(() => undefined); // thrown where it is awaited
  });
  try {
    await pipeline(body, form, { signal });
  } catch (cause) {
    if (cause instanceof Fault || signal.aborted) throw cause;
    throw new Fault('malformed-request', 'The form is damaged or ends early', { cause });
  }
  const picture = await taken;
  if (!picture) throw new Unprocessable([missing('body', 'file')]);
  imageType(picture);
  return picture;
}

async function gathered(chunks: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw tooLarge(mostPictureBytes);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
