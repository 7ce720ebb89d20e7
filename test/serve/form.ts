// Forms as browsers and curl send them, and small files that carry the magic of a container.

export const boundary = '----vedette-test';
export const formType = `multipart/form-data; boundary=${boundary}`;

/** 83 bytes that begin like an MP4 file and hold nothing else. */
export const tinyMp4 = Buffer.concat([
  Buffer.from([0, 0, 0, 0x20]),
  Buffer.from('ftypisom\0\0\0\x01isomiso2avc1mp41'),
  Buffer.alloc(51),
]);

export interface Part {
  readonly name: string;
  /** The parameters after the name, such as `filename="a.mp4"`. */
  readonly more?: string;
  readonly content: Uint8Array | string;
}

export function partHead({ name, more }: Pick<Part, 'name' | 'more'>): string {
  const kind = more === undefined ? '' : 'Content-Type: video/mp4\r\n';
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more === undefined ? '' : `; ${more}`}\r\n${kind}\r\n`;
}

export const formEnd = `\r\n--${boundary}--\r\n`;

export function form(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap((part) => [Buffer.from(partHead(part)), Buffer.from(part.content), Buffer.from('\r\n')]);
  return Buffer.concat([...pieces, Buffer.from(formEnd.slice(2))]);
}

export function videoForm(content: Uint8Array | string = tinyMp4, more = 'filename="clip.mp4"'): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': formType }, body: form([{ name: 'file', more, content }]) };
}
