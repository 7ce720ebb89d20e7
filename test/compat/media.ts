// What is sent to the server: a second of the sample video, a picture, and bytes that only look like a video.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { noFfmpeg } from '../support/worker-media.ts';

const sample = resolve(import.meta.dirname, '../../models/demo/sample.mp4');

/** Why there is none, or null. */
export const noMedia: string | null = noFfmpeg ?? (existsSync(sample) ? null : 'the sample video is missing');

export interface Media {
  /** 25 frames of 1280 × 720. */
  readonly video: Buffer;
  /** Long enough to be cancelled. */
  readonly longVideo: Buffer;
  readonly jpeg: Buffer;
  readonly png: Buffer;
}

/** 83 bytes with the magic of an MP4 file and nothing that could be decoded. */
export const hollow = Buffer.concat([
  Buffer.from([0, 0, 0, 0x20]),
  Buffer.from('ftypisom\0\0\0\x01isomiso2avc1mp41'),
  Buffer.alloc(51),
]);

export function makeMedia(): Media {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-compat-media-'));
  const made = (name: string, ...args: string[]) => {
    const file = join(folder, name);
    execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', sample, ...args, file]);
    return readFileSync(file);
  };
  try {
    return {
      video: made('second.mp4', '-frames:v', '25', '-an', '-c:v', 'mpeg4', '-q:v', '3'),
      longVideo: readFileSync(sample),
      jpeg: made('frame.jpg', '-frames:v', '1', '-q:v', '3'),
      png: made('frame.png', '-frames:v', '1'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
