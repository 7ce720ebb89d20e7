// The sound files that are mutated: every codec in every container that takes it, two seconds each.
import type { MediaFolder } from '../../support/worker-media.ts';
import { readBoxes, readChunks, readElements, readPackets, type PieceReader } from './pieces.ts';

export interface Base {
  readonly container: string;
  readonly codec: string;
  readonly path: string;
  readonly pieces: PieceReader;
}

const codecs: Readonly<Record<string, readonly string[]>> = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2'],
  h265: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:pools=1'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
  mjpeg: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'],
  mpeg4: ['-c:v', 'mpeg4', '-bf', '2'],
};

interface Container {
  readonly name: string;
  readonly extension: string;
  readonly codecs: readonly string[];
  readonly options?: readonly string[];
  readonly pieces: PieceReader;
}

const everyCodec = Object.keys(codecs);
const fragments = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'];
const containers: readonly Container[] = [
  { name: 'mp4', extension: 'mp4', codecs: everyCodec, pieces: readBoxes },
  { name: 'fragmented mp4', extension: 'mp4', codecs: everyCodec, options: fragments, pieces: readBoxes },
  { name: 'mkv', extension: 'mkv', codecs: everyCodec, pieces: readElements },
  { name: 'webm', extension: 'webm', codecs: ['vp9'], pieces: readElements },
  { name: 'avi', extension: 'avi', codecs: ['h264', 'mjpeg', 'mpeg4'], pieces: readChunks },
  { name: 'ts', extension: 'ts', codecs: ['h264', 'h265', 'mpeg4'], pieces: readPackets },
  { name: 'mov', extension: 'mov', codecs: ['h264', 'h265', 'mjpeg', 'mpeg4'], pieces: readBoxes },
];

/** Neither AVI nor transport streams have a place for parameter sets beside the stream. */
const inBand: Readonly<Record<string, readonly string[]>> = {
  'avi h264': ['-bsf:v', 'h264_mp4toannexb'],
  'ts mpeg4': ['-bsf:v', 'dump_extra'],
};

export async function makeBases(media: MediaFolder): Promise<Base[]> {
  const bases: Base[] = [];
  for (const [codec, encoder] of Object.entries(codecs)) {
    const input = media.pattern('160x120', 10, 2);
    const coded = await media.make(`${codec}.mkv`, ...input, '-pix_fmt', 'yuv420p', ...encoder, '-g', '10');
    for (const { name, extension, codecs: taken, options = [], pieces } of containers) {
      if (!taken.includes(codec)) continue;
      const stream = inBand[`${extension} ${codec}`] ?? [];
      const file = `${name.replaceAll(' ', '-')}-${codec}-base.${extension}`;
      const path = await media.make(file, '-i', coded, '-c', 'copy', ...stream, ...options);
      bases.push({ container: name, codec, path, pieces });
    }
  }
  return bases;
}
