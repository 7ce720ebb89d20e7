// What GStreamer says of a source that it cannot play, as a Fault with a sentence that a person understands.
import { Fault } from '../../contract/fault.ts';
import type { BusMessage } from './gstreamer.ts';

/** `name` of an error is the path of the element that gave up. */
export function refusal({ name: element = '', message = '', debug = '' }: BusMessage): Fault {
  const cause = new Error(`${element}: ${message}: ${debug}`);
  const because = (code: 'source-undecodable' | 'source-without-video', text: string) =>
    new Fault(code, text, { cause });

  const unknownCodec = /Missing decoder: (.+?) \((video|audio|image|text|subpicture)\//.exec(debug);
  if (unknownCodec && (unknownCodec[2] === 'video' || element.endsWith(':decode'))) {
    return because(
      'source-undecodable',
      `This machine has no decoder for the video's codec, ${unknownCodec[1] ?? '?'}.`,
    );
  }
  if (/no suitable plugins found|delayed linking|not-linked/.test(debug)) {
    return because('source-without-video', 'The file has no video stream.');
  }
  if (/no known streams found/.test(debug)) {
    return because('source-undecodable', 'The file holds no playable video; it may be cut off before its index.');
  }
  if (/plain text|determine type of stream|WrongType|type_found/.test(message + debug)) {
    return because('source-undecodable', 'The file is not a video of a known format.');
  }
  return because('source-undecodable', `The file cannot be decoded: ${message}`);
}
