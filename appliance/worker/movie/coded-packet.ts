// Packets of a coded stream as gdppay makes them: their time, and whether they can be begun with.
import { parsePacket } from '../ingest/gdp.ts';
import { type Caps, readCaps } from './caps.ts';

export interface CodedPacket {
  /** On the time line of the whole video; null where the container does not say. When it is shown, and decoded. */
  readonly atNs: number | null;
  readonly decodedNs: number | null;
  readonly durationNs: number | null;
  /** Can be decoded without those before it. */
  readonly key: boolean;
  /** A view on memory that is not used again. */
  readonly data: Uint8Array;
}

/** GstBufferFlags: https://gstreamer.freedesktop.org/documentation/gstreamer/gstbuffer.html */
const deltaUnit = 1 << 13;
const header = 1 << 10;

const reordering: ReadonlySet<string> = new Set([
  'video/x-h264',
  'video/x-h265',
  'video/mpeg',
  'video/x-divx',
  'video/x-xvid',
]);
const simpleProfiles: ReadonlySet<string> = new Set(['simple', 'baseline', 'constrained-baseline']);

/** Follows one stream: its caps and its segments, which say where its times lie. */
export class PacketReader {
  #caps: Caps | null = null;
  #offsetNs = 0;

  /** Of the stream's first packet; null before. */
  get caps(): Caps | null {
    return this.#caps;
  }

  /** Null for what is no packet of the stream. */
  read(packet: Buffer): CodedPacket | null {
    const part = parsePacket(packet);
    switch (part.kind) {
      case 'caps':
        this.#caps ??= readCaps(part.text);
        return null;
      case 'segment':
        this.#offsetNs = number(part.text, 'base') - number(part.text, 'start');
        return null;
      case 'buffer': {
        const flags = packet.readUInt16BE(42);
        // Codec headers (Theora, VP8 in Ogg) travel as packets of their own. Behind a parser the same flag marks a key frame.
        if ((flags & header) !== 0 && part.ptsNs === null) return null;
        const key = (flags & deltaUnit) === 0;
        const decodedNs = this.#place(decodedAt(packet));
        const atNs = this.#place(part.ptsNs) ?? (this.#inOrder() ? decodedNs : null);
        return { atNs, decodedNs, durationNs: part.durationNs, key, data: part.pixels };
      }
      case 'tag':
      case 'other':
        return null;
      default:
        return part satisfies never;
    }
  }

  /** Shown as they are decoded: what AVI says of the one then goes for the other. */
  #inOrder(): boolean {
    const { name = '', profile = '' } = this.#caps ?? {};
    return !reordering.has(name) || simpleProfiles.has(profile);
  }

  #place(ns: number | null): number | null {
    return ns === null ? null : ns + this.#offsetNs;
  }
}

/** Null for all ones, GStreamer's "no time". */
function decodedAt(packet: Buffer): number | null {
  const [high, low] = [packet.readUInt32BE(44), packet.readUInt32BE(48)];
  return high === 0xffffffff && low === 0xffffffff ? null : high * 2 ** 32 + low;
}

function number(segment: string, field: string): number {
  return Number(new RegExp(`\\b${field}=\\(guint64\\)(\\d+)`).exec(segment)?.[1] ?? 0);
}
