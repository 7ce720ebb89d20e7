// One file as a multipart form, streamed: memory stays flat however large the video.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface UploadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly file: string;
  readonly signal: AbortSignal;
  /** Hears the share that was read from disk and handed to the socket, 0..1. */
  readonly onSent: (share: number) => void;
}

/**
 * Sends the field `file`. An answer that comes before the whole file was sent (too large, no video) ends the upload.
 * Rejects with the socket's or the file's error, or with the signal's reason.
 */
export async function upload(options: UploadOptions): Promise<{ status: number; body: string }> {
  const { size } = await stat(options.file);
  const boundary = `vedette-${randomUUID()}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quotable(basename(options.file))}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const send = options.url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(options.url, {
    method: 'POST',
    signal: options.signal,
    headers: {
      ...options.headers,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + size + tail.length,
    },
  });
  const body = Readable.from(form(head, options, size, tail), { objectMode: false });
  try {
    const response = await exchange(body, request);
    return { status: response.statusCode ?? 0, body: await text(response) };
  } finally {
    body.destroy();
    request.destroy();
  }
}

/** Sends and waits for the answer, whichever way either of them ends first. */
function exchange(body: Readable, request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays on: an answer that ends the upload early is followed by an error of the half-sent request.
    request.on('error', reject);
    body.once('error', (error) => {
      request.destroy();
      reject(error);
    });
    body.pipe(request);
  });
}

async function* form(head: Buffer, options: UploadOptions, size: number, tail: Buffer) {
  yield head;
  let sent = 0;
  // A file that grows meanwhile is sent as long as it was, or the form would break.
  if (size > 0) {
    for await (const chunk of createReadStream(options.file, { end: size - 1, highWaterMark: 256 * 1024 })) {
      yield chunk as Buffer;
      sent += (chunk as Buffer).length;
      options.onSent(sent / size);
    }
  }
  if (sent < size) throw new Error(`${options.file} became shorter while it was sent`);
  yield tail;
}

/** As browsers write a file name into a form (HTML standard, multipart/form-data encoding algorithm). */
function quotable(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
