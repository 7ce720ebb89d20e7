// How a codec is described in an mp4: its sample entry. Null for what an mp4 is not made of here.
import { box, fullBox, u16, u32, u8 } from './boxes.ts';
import { type Caps, codecData, pixelAspect } from './caps.ts';
import type { Track } from './samples.ts';

/** `skip`: bytes in front of each packet that an mp4 does not have. */
export interface SampleEntry {
  readonly entry: Buffer;
  readonly skip: number;
}

export function videoEntry({ caps, first }: Track): SampleEntry | null {
  const config = codecData(caps);
  const known = videoConfig(caps, config, first);
  if (!known) return null;
  const [width, height] = [Number(caps['width']), Number(caps['height'])];
  const [across, down] = pixelAspect(caps);
  const aspect = across === down ? [] : [box('pasp', u32(across, down))];
  // §12.1.3: 72 dpi, one frame a sample, no name, 24 bits.
  const picture = [u16(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, width, height), u32(0x480000, 0x480000, 0), u16(1)];
  return { entry: box(known.type, ...picture, Buffer.alloc(32), u16(24, 0xffff), known.config, ...aspect), skip: 0 };
}

function videoConfig(caps: Caps, config: Buffer, first: Uint8Array): { type: string; config: Buffer } | null {
  if (caps['name'] === 'video/x-vp9') return vp9Config(first);
  if (config.length === 0) return null;
  const format = caps['stream-format'];
  switch (caps['name']) {
    case 'video/x-h264':
      return format === 'avc' || format === 'avc3'
        ? { type: `${format}1`.slice(0, 4), config: box('avcC', config) }
        : null;
    case 'video/x-h265':
      return format === 'hvc1' || format === 'hev1' ? { type: format, config: box('hvcC', config) } : null;
    case 'video/x-av1':
      return { type: 'av01', config: box('av1C', config) };
    case 'video/mpeg':
      return caps['mpegversion'] === '4' ? { type: 'mp4v', config: descriptor(0x20, 0x11, config) } : null;
    default:
      return null;
  }
}

/** Of profile 0, whose pictures are 8 bits deep and 4:2:0. https://www.webmproject.org/vp9/mp4/ */
function vp9Config([head = 0]: Uint8Array): { type: string; config: Buffer } | null {
  if ((head & 0xf0) !== 0x80) return null; // frame marker 2, both bits of the profile 0
  return { type: 'vp09', config: fullBox('vpcC', 1, 0, u8(0, 10, 0x82, 2, 2, 2), u16(0)) };
}

export function audioEntry({ caps, first }: Track): SampleEntry | null {
  const [rate, channels] = [Number(caps['rate']), Number(caps['channels'])];
  // §12.2.3: 16 bits. A rate that does not fit says nothing; the codec's own description does.
  const sound = [u16(0, 0, 0, 1, 0, 0, 0, 0, channels, 16, 0, 0), u32(rate < 65_536 ? rate * 65_536 : 0)];
  const made = (type: string, config: Buffer, skip = 0) => ({ entry: box(type, ...sound, config), skip });
  switch (caps['name']) {
    case 'audio/mpeg': {
      if (caps['mpegversion'] === '1') {
        return caps['layer'] === '3' ? made('mp4a', descriptor(rate < 32_000 ? 0x69 : 0x6b, 0x15, null)) : null;
      }
      const packed = caps['stream-format'] === 'adts' ? unpackAdts(first) : null;
      const config = packed?.config ?? codecData(caps);
      return config.length > 0 ? made('mp4a', descriptor(0x40, 0x15, config), packed?.skip) : null;
    }
    case 'audio/x-ac3':
      return made('ac-3', ac3Config(first));
    case 'audio/x-opus': {
      const head = Buffer.from(/4f70757348656164([0-9a-f]+)/.exec(caps['streamheader'] ?? '')?.[1] ?? '', 'hex');
      // Mapping family 0 alone. RFC 7845 §5.1 has what Opus in ISOBMFF §4.3.2 wants, the other way round.
      if (head.length < 11 || head[10] !== 0) return null;
      const said = [u16(head.readUInt16LE(2)), u32(head.readUInt32LE(4)), u16(head.readUInt16LE(8))];
      return made('Opus', box('dOps', u8(0, head[1] ?? channels), ...said, u8(0)));
    }
    default:
      return null;
  }
}

/** ISO/IEC 14496-3 §1.A.2.2: the header in front of each packet, and what it says of the codec (§1.6.2.1). */
export function unpackAdts(packet: Uint8Array): { config: Buffer; skip: number } | null {
  const [sync = 0, second = 0, third = 0, fourth = 0] = packet;
  if (sync !== 0xff || (second & 0xf6) !== 0xf0) return null;
  const [type, rate, channels] = [(third >> 6) + 1, (third >> 2) & 15, ((third & 1) << 2) | (fourth >> 6)];
  return { config: u16((type << 11) | (rate << 7) | (channels << 3)), skip: (second & 1) === 1 ? 7 : 9 };
}

/** ETSI TS 102 366 §4.3 and F.4: the same fields as in the packet's header. */
function ac3Config(packet: Uint8Array): Buffer {
  const bytes = Buffer.concat([packet, Buffer.alloc(8)]);
  const bits = bytes.readUInt32BE(4);
  const take = (from: number, count: number) => (bits >>> (32 - from - count)) & (2 ** count - 1);
  const [rate, size, id, mode, channels] = [take(0, 2), take(2, 6), take(8, 5), take(13, 3), take(16, 3)];
  const mix = (channels & 1) === 1 && channels !== 1 ? 2 : 0;
  const low = take(19 + mix + ((channels & 4) === 4 ? 2 : 0) + (channels === 2 ? 2 : 0), 1);
  const said = (rate << 22) | (id << 17) | (mode << 14) | (channels << 11) | (low << 10) | ((size >> 1) << 5);
  return box('dac3', u32(said * 256).subarray(0, 3));
}

/** ISO/IEC 14496-14 §5.6: `object` and `stream` as in 14496-1 tables 5 and 6; 0x15 is sound, 0x11 video. */
function descriptor(object: number, stream: number, specific: Buffer | null): Buffer {
  const own = specific ? tagged(5, specific) : Buffer.alloc(0);
  const decoder = tagged(4, Buffer.concat([u8(object, stream, 0, 0, 0), u32(0, 0), own]));
  return fullBox('esds', 0, 0, tagged(3, Buffer.concat([u16(1), u8(0), decoder, tagged(6, u8(2))])));
}

function tagged(tag: number, body: Buffer): Buffer {
  const length = body.length;
  const size = u8((length >> 21) | 0x80, ((length >> 14) & 127) | 0x80, ((length >> 7) & 127) | 0x80, length & 127);
  return Buffer.concat([u8(tag), size, body]);
}
