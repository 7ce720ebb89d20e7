// A Matroska file from the packets of a draft, for what is not kept in an mp4. RFC 9559.
import { type Caps, codecData, pixelAspect } from '../movie/caps.ts';
import { type Laid, type Packet, packetsOf } from '../movie/layout.ts';
import { unpackAdts } from '../movie/mp4-codecs.ts';
import type { Track } from '../movie/samples.ts';

/** Null where a codec has no name in Matroska that is known here. */
export function layMatroska(video: Track, audio: Track | null, endNs: number): Laid | null {
  const [picture, sound] = [videoTrack(video), audio && audioTrack(audio)];
  if (!picture || (audio && !sound)) return null;
  const sources = [
    { samples: video.samples, skip: 0 },
    ...(audio && sound ? [{ samples: audio.samples, skip: sound.skip }] : []),
  ];
  const clusters = clustersOf(packetsOf(sources, 'as they lie'));
  const info = element(
    0x1549a966,
    element(0x2ad7b1, whole(1_000_000)), // ticks of a millisecond
    element(0x4489, float(endNs / 1e6)),
    ...['Vedette', 'Vedette'].map((text, at) => element(at === 0 ? 0x4d80 : 0x5741, Buffer.from(text))),
  );
  const tracks = element(0x1654ae6b, picture.entry, ...(sound ? [sound.entry] : []));
  const cuesLength = cues(clusters, 0).length;
  const listed = cues(clusters, info.length + tracks.length + cuesLength);
  const size = info.length + tracks.length + listed.length + clusters.reduce((sum, one) => sum + one.size, 0);
  const ebml = element(
    0x1a45dfa3,
    ...(
      [
        [0x4286, 1],
        [0x42f7, 1],
        [0x42f2, 4],
        [0x42f3, 8],
      ] as const
    ).map(([id, value]) => element(id, whole(value))),
    element(0x4282, Buffer.from('matroska')),
    element(0x4287, whole(4)),
    element(0x4285, whole(2)),
  );
  return {
    head: Buffer.concat([ebml, idOf(0x18538067), vint(size), info, tracks, listed]),
    runs: clusters.flatMap(({ runs }) => runs),
    type: 'video/x-matroska',
  };
}

interface Cluster {
  readonly atMs: number;
  readonly begins: boolean;
  size: number;
  readonly runs: (Laid['runs'][number] & { head: Buffer })[];
}

/** A block's time is told from its cluster's in 16 bits. */
const longestMs = 5000;

function clustersOf(packets: Iterable<Packet>): Cluster[] {
  const clusters: Cluster[] = [];
  for (const { track, offset, size, atNs, key } of packets) {
    const atMs = Math.round(atNs / 1e6);
    const begins = track === 0 && key;
    let last = clusters.at(-1);
    if (!last || Math.abs(atMs - last.atMs) > longestMs || (begins && atMs > last.atMs)) {
      last = { atMs, begins, size: 0, runs: [] };
      clusters.push(last);
    }
    const time = Buffer.alloc(2);
    time.writeInt16BE(atMs - last.atMs);
    const block = Buffer.concat([Buffer.from([0x81 + track]), time, Buffer.from([key ? 0x80 : 0])]);
    const head = Buffer.concat([idOf(0xa3), vint(block.length + size), block]);
    last.runs.push({ track, offset, size, count: 1, head });
    last.size += head.length + size;
  }
  for (const cluster of clusters) {
    const time = element(0xe7, whole(cluster.atMs));
    const head = Buffer.concat([idOf(0x1f43b675), vint(time.length + cluster.size), time]);
    const [first] = cluster.runs;
    if (first) first.head = Buffer.concat([head, first.head]);
    cluster.size += head.length;
  }
  return clusters;
}

/** Of one length, wherever the clusters lie: from `at` in the segment on. */
function cues(clusters: readonly Cluster[], at: number): Buffer {
  let place = at;
  const points: Buffer[] = [];
  for (const { atMs, begins, size } of clusters) {
    if (begins) {
      const where = element(0xb7, element(0xf7, whole(1)), element(0xf1, whole(place)));
      points.push(element(0xbb, element(0xb3, whole(atMs)), where));
    }
    place += size;
  }
  return element(0x1c53bb6b, ...points);
}

function videoTrack({ caps }: Track): { entry: Buffer } | null {
  const codec = videoCodec(caps);
  if (!codec) return null;
  const [width, height] = [Number(caps['width']), Number(caps['height'])];
  const [across, down] = pixelAspect(caps);
  const shown =
    across === down
      ? []
      : [element(0x54b0, whole(Math.round((width * across) / down))), element(0x54ba, whole(height))];
  const picture = element(0xe0, element(0xb0, whole(width)), element(0xba, whole(height)), ...shown);
  return { entry: trackEntry(1, codec, picture) };
}

function audioTrack({ caps, first }: Track): { entry: Buffer; skip: number } | null {
  const packed = caps['stream-format'] === 'adts' ? unpackAdts(first) : null;
  const codec = audioCodec(caps, packed?.config ?? null);
  if (!codec) return null;
  const rate = element(0xb5, float(Number(caps['rate'])));
  const sound = element(0xe1, rate, element(0x9f, whole(Number(caps['channels']))));
  return { entry: trackEntry(2, codec, sound), skip: packed?.skip ?? 0 };
}

interface Codec {
  readonly id: string;
  readonly config: Buffer;
}

function trackEntry(number: number, { id, config }: Codec, content: Buffer): Buffer {
  const own = config.length > 0 ? [element(0x63a2, config)] : [];
  const named = [
    element(0xd7, whole(number)),
    element(0x73c5, whole(number)),
    element(0x83, whole(number)),
    element(0x9c, whole(0)),
  ];
  return element(0xae, ...named, element(0x86, Buffer.from(id)), ...own, content);
}

/** RFC 9559 and draft-ietf-cellar-codec. */
function videoCodec(caps: Caps): Codec | null {
  const config = codecData(caps);
  const of = (id: string, needs = false): Codec | null => (needs && config.length === 0 ? null : { id, config });
  switch (caps['name']) {
    case 'video/x-h264':
      return caps['stream-format']?.startsWith('avc') ? of('V_MPEG4/ISO/AVC', true) : null;
    case 'video/x-h265':
      return of('V_MPEGH/ISO/HEVC', true);
    case 'video/x-av1':
      return of('V_AV1', true);
    case 'video/x-vp8':
      return of('V_VP8');
    case 'video/x-vp9':
      return of('V_VP9');
    case 'video/mpeg':
      return of(caps['mpegversion'] === '4' ? 'V_MPEG4/ISO/ASP' : `V_MPEG${caps['mpegversion'] ?? '2'}`);
    case 'image/jpeg':
      return of('V_MJPEG');
    default:
      return null;
  }
}

function audioCodec(caps: Caps, unpacked: Buffer | null): Codec | null {
  const config = unpacked ?? codecData(caps);
  const headers = [...(caps['streamheader'] ?? '').matchAll(/[0-9a-f]{8,}/g)].map(([hex]) => Buffer.from(hex, 'hex'));
  switch (caps['name']) {
    case 'audio/mpeg':
      if (caps['mpegversion'] === '1') return { id: `A_MPEG/L${caps['layer'] ?? '3'}`, config: Buffer.alloc(0) };
      return config.length > 0 ? { id: 'A_AAC', config } : null;
    case 'audio/x-ac3':
      return { id: 'A_AC3', config: Buffer.alloc(0) };
    case 'audio/x-eac3':
      return { id: 'A_EAC3', config: Buffer.alloc(0) };
    case 'audio/x-opus':
      return headers[0] ? { id: 'A_OPUS', config: headers[0] } : null;
    case 'audio/x-vorbis':
      return headers.length === 3 ? { id: 'A_VORBIS', config: xiph(headers) } : null;
    default:
      return null;
  }
}

/** Sizes of all but the last, each as a sum of bytes of which only the last is below 255. */
function xiph(headers: readonly Buffer[]): Buffer {
  const sizes = headers
    .slice(0, -1)
    .flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255]);
  return Buffer.concat([Buffer.from([headers.length - 1, ...sizes]), ...headers]);
}

function element(id: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([idOf(id), vint(body.length), body]);
}

function idOf(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

/** RFC 8794 §4: always in eight bytes, so that lengths are known before values are. */
function vint(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  bytes[0] = 1;
  return bytes;
}

function whole(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}
