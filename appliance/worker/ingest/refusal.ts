// What GStreamer says of a source that it cannot play, as a Fault with a sentence that a person understands.
import { Fault, type FaultCode } from '../../contract/fault.ts';
import type { BusMessage } from './gstreamer.ts';

/** `name` of an error is the path of the element that gave up. */
export function refusal({ name: element = '', message = '', debug = '' }: BusMessage): Fault {
  const cause = new Error(`${element}: ${message}: ${debug}`);
  const missing = /Missing decoder: (.+?) \((video|audio|image|text|subpicture)\//.exec(debug);
  if (missing && (missing[2] === 'video' || element.endsWith(':decode'))) {
    const codec = missing[1]?.replace(/^video\/x-(gst-fourcc-|avi-)?/, '') ?? 'unknown';
    return new Fault('source-undecodable', `This machine has no decoder for the video's codec, ${codec}.`, { cause });
  }
  const known = reasons.find(([words]) => words.test(`${message} ${debug}`));
  if (known) return new Fault(known[1], known[2], { cause });
  return new Fault('source-undecodable', `The file cannot be decoded: ${message}`, { cause });
}

/** In the words of GStreamer's messages and of the source lines that follow them; the first that fits is told. */
const reasons: readonly (readonly [words: RegExp, code: FaultCode, sentence: string])[] = [
  [/application\/x-(cenc|cbcs|webm-enc)|encrypted/i, 'source-undecodable', 'The video is encrypted.'],
  [/no suitable plugins found|delayed linking|not-linked/, 'source-without-video', 'The file has no video stream.'],
  [/redirect message/, 'source-undecodable', 'The file only points to another one, which is not opened.'],
  [
    /no known streams found/,
    'source-undecodable',
    'The file holds no playable video; it may be cut off before its index.',
  ],
  [
    /plain text|determine type of stream|WrongType|type_found/,
    'source-undecodable',
    'The file is not a video of a known format.',
  ],
  [/no valid frames/i, 'source-without-frames', 'The video stream holds no frame that can be decoded.'],
  [/is incomplete/, 'source-undecodable', 'The file is cut off, and what is left of it cannot be decoded.'],
  [
    /corrupt|is invalid|demultiplex|(Internal data|general) stream|negotiat|decode stream/i,
    'source-undecodable',
    'The file is damaged; its video cannot be decoded.',
  ],
];
