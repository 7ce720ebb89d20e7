// A clip while it is cut: the bytes of its packets in a file as they come, and what is known of each.
import type { FileHandle } from 'node:fs/promises';
import type { Disk } from '../disk.ts';
import type { Caps } from '../movie/caps.ts';
import type { CodedPacket } from '../movie/coded-packet.ts';
import { PacketFile } from '../movie/packet-file.ts';
import { Samples, type Track } from '../movie/samples.ts';
import type { StreamName } from './demuxing.ts';

export interface DraftOptions {
  readonly path: string;
  readonly disk: Disk;
  /** On the time line of the whole video: of the key frame with which it begins, and where it is to end. */
  readonly fromNs: number;
  readonly toNs: number;
}

/** Of one stream, about two hours of video: a longer clip ends there. */
const mostSamples = 200_000;
/** No codec shows more frames than this between two that it decodes one behind the other (H.264: 16). */
const reorderedMost = 17;

/** Methods wait for room on a full disk, and throw Fault artifact-failed where it does not take them for another reason. */
export class Draft {
  readonly #options: DraftOptions;
  readonly #packets: PacketFile;
  readonly #tracks: Partial<Record<StreamName, Track & { lastNs: number }>> = {};
  #begun = false;
  /** Video packets behind the end. */
  #behind = 0;
  #over = false;
  #untimed = false;

  private constructor(options: DraftOptions, packets: PacketFile) {
    this.#options = options;
    this.#packets = packets;
  }

  static async open(options: DraftOptions): Promise<Draft> {
    return new Draft(options, await PacketFile.open(options.path, options.disk));
  }

  get fromNs(): number {
    return this.#options.fromNs;
  }

  /** All of its video has come, with a few packets more that tell where it may end. */
  get over(): boolean {
    return this.#over;
  }

  /** A packet came that does not say when it is shown: this cannot be a clip. */
  get untimed(): boolean {
    return this.#untimed;
  }

  get packets(): FileHandle {
    return this.#packets.handle;
  }

  async take(stream: StreamName, packet: CodedPacket, caps: Caps): Promise<void> {
    if (stream === 'video') this.#follow(packet);
    else if (packet.atNs === null || packet.atNs < this.#options.fromNs) return;
    if (!this.#begun && stream === 'video') return;
    if (this.#over && stream === 'video') return;
    const { atNs } = packet;
    if (atNs === null) return void (this.#untimed = true);
    // Shown before the key frame that the clip begins with: made of frames that it does not have.
    if (atNs < this.#options.fromNs) return;
    const track = (this.#tracks[stream] ??= {
      ...{ caps, samples: new Samples(), first: Uint8Array.from(packet.data.subarray(0, 64)), lastNs: 0 },
    });
    if (track.samples.length >= mostSamples) return void (this.#over ||= stream === 'video');
    const placed = { offset: this.#packets.end, size: packet.data.length };
    track.samples.add({ ...placed, atNs: atNs - this.#options.fromNs, key: packet.key });
    track.lastNs = packet.durationNs ?? 0;
    await this.#packets.append(packet.data);
  }

  /** What the clip has, from its key frame to a place where nothing is missing. Null: no picture of it came. */
  async finish(): Promise<{ video: Track; audio: Track | null; endNs: number } | null> {
    await this.#packets.flush();
    const { video, audio } = this.#tracks;
    if (!video || video.samples.length === 0) return null;
    video.samples.cut(wholeUntil(video.samples, this.#options.toNs - this.#options.fromNs));
    const shown = video.samples.shown();
    const last = shown.at(-1) ?? 0;
    const step = shown.length > 1 ? last - (shown.at(-2) ?? 0) : 0;
    const endNs = last + (video.lastNs || step);
    if (audio) {
      let length = audio.samples.length;
      while (length > 0 && audio.samples.at(length - 1).atNs >= endNs) length -= 1;
      audio.samples.cut(length);
    }
    return {
      video: { ...video, lastNs: video.lastNs || step },
      audio: audio && audio.samples.length > 0 ? audio : null,
      endNs,
    };
  }

  close(): Promise<void> {
    return this.#packets.close();
  }

  #follow({ atNs, decodedNs, key }: CodedPacket): void {
    if (!this.#begun) {
      this.#begun = key && atNs !== null && atNs >= this.#options.fromNs;
      return;
    }
    const { toNs } = this.#options;
    if ((decodedNs ?? atNs ?? 0) > toNs) this.#behind += 1;
    if (this.#behind > reorderedMost) this.#over = true;
  }
}

/**
 * How many of them, in the order of decoding, are a whole that lasts until `toNs` at least: none behind them is shown
 * before one of them. All of them where there is no such place.
 */
function wholeUntil(samples: Samples, toNs: number): number {
  const earliestBehind = new Float64Array(samples.length + 1).fill(Infinity);
  for (let index = samples.length - 1; index >= 0; index--) {
    earliestBehind[index] = Math.min(earliestBehind[index + 1] ?? Infinity, samples.at(index).atNs);
  }
  let latest = -Infinity;
  for (let count = 1; count <= samples.length; count++) {
    latest = Math.max(latest, samples.at(count - 1).atNs);
    if (latest >= toNs && latest < (earliestBehind[count] ?? Infinity)) return count;
  }
  return samples.length;
}
