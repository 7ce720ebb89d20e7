// GStreamer Data Protocol 1.0, the packets that gdppay makes: a 62-byte header, then a buffer, caps or an event.

export type Packet =
  /** Times in ns, exact up to 100 days; null where the stream has none. `pixels` is a view on the packet. */
  | {
      readonly kind: 'buffer';
      readonly ptsNs: number | null;
      readonly durationNs: number | null;
      /** Whether it can be decoded without those before it. */
      readonly isKey: boolean;
      readonly pixels: Uint8Array;
    }
  /** GStreamer's text form of the caps, the segment event or a tag event. */
  | { readonly kind: 'caps' | 'segment' | 'tag' | 'other'; readonly text: string };

const headerLength = 62;
/** GST_BUFFER_FLAG_DELTA_UNIT. */
const deltaUnit = 0x2000;
const kinds: Readonly<Record<number, 'buffer' | 'caps' | 'segment' | 'tag'>> = {
  1: 'buffer',
  2: 'caps',
  17998: 'segment',
  20574: 'tag',
};

export function parsePacket(packet: Buffer): Packet {
  const kind = kinds[packet.readUInt16BE(4)] ?? 'other';
  const length = packet.readUInt32BE(6);
  if (kind === 'buffer') {
    const pixels = new Uint8Array(packet.buffer, packet.byteOffset + headerLength, length);
    const isKey = (packet.readUInt16BE(42) & deltaUnit) === 0;
    return { kind, ptsNs: nanoseconds(packet, 10), durationNs: nanoseconds(packet, 18), isKey, pixels };
  }
  const text = packet.toString('utf8', headerLength, headerLength + length).replace(/\0+$/, '');
  return { kind, text };
}

/** All ones is GStreamer's "no time". */
function nanoseconds(packet: Buffer, offset: number): number | null {
  const high = packet.readUInt32BE(offset);
  const low = packet.readUInt32BE(offset + 4);
  if (high === 0xffffffff && low === 0xffffffff) return null;
  return high * 2 ** 32 + low;
}
