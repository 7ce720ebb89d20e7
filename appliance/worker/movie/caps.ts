// GStreamer's caps, which say what a coded stream is, as a table.

export type Caps = Readonly<Record<string, string>>;

/** `video/x-h264, width=(int)320` as `{ name: 'video/x-h264', width: '320' }`. */
export function readCaps(text: string): Caps {
  const name = text.split(/[,;]/, 1)[0]?.trim() ?? '';
  const fields = text.matchAll(/([\w-]+)=\([\w/]+\)("[^"]*"|<[^>]*>|[^,;]*)/g);
  return Object.fromEntries([['name', name], ...[...fields].map(([, field, value]) => [field, value?.trim()])]) as Caps;
}

/** How a decoder is to be set up: the codec's own record. Empty where the caps have none. */
export function codecData(caps: Caps): Buffer {
  return Buffer.from(caps['codec_data']?.replace(/^"|"$/g, '') ?? '', 'hex');
}

/** Width of a pixel by its height. */
export function pixelAspect(caps: Caps): readonly [across: number, down: number] {
  const [across = 1, down = 1] = (caps['pixel-aspect-ratio'] ?? '1/1').split('/').map(Number);
  return [across, down];
}
