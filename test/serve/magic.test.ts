// Containers by their first bytes: real files that FFmpeg makes, and what merely looks like one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeHead, magicBytes, sniffVideo } from '../../appliance/daemon/serve/magic.ts';
import { tempData } from '../support/temp-data.ts';

const containers = {
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  avi: 'video/x-msvideo',
  ts: 'video/mp2t',
  m2ts: 'video/mp2t',
  mpg: 'video/mpeg',
  ogv: 'video/ogg',
};

function hasFfmpeg(): boolean {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // the test below says so
  }
}

test('real files of every accepted container are known', ({ skip }) => {
  skip(!hasFfmpeg(), 'ffmpeg is not installed');
  const folder = tempData();
  for (const [extension, type] of Object.entries(containers)) {
    const path = join(folder, `clip.${extension}`);
    const input = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=10:duration=0.5'];
    execFileSync('ffmpeg', ['-loglevel', 'error', ...input, '-strict', '-2', ...codecFor(extension), path]);
    expect(sniffVideo(readFileSync(path).subarray(0, magicBytes)), extension).toBe(type);
  }
});

function codecFor(extension: string): string[] {
  if (extension === 'webm') return ['-c:v', 'libvpx'];
  if (extension === 'ogv') return ['-c:v', 'libtheora'];
  return ['-c:v', extension === 'mpg' ? 'mpeg1video' : 'mpeg4'].concat(extension === 'mpg' ? ['-r', '25'] : []);
}

test('pictures, documents and text are not', () => {
  const heads = [
    '',
    'G',
    'GIF89a',
    '%PDF-1.7',
    '\x89PNG\r\n\x1a\n',
    '\xff\xd8\xff\xe0',
    'RIFF\0\0\0\0WAVE',
    '<!doctype html>',
  ];
  for (const head of heads) expect(sniffVideo(Buffer.from(head, 'latin1'))).toBeUndefined();
  expect(sniffVideo(Buffer.alloc(magicBytes))).toBeUndefined();
  expect(sniffVideo(Buffer.from('G'.padEnd(magicBytes, '.')))).toBeUndefined();
  expect(sniffVideo(Buffer.from('\0\0\0\x05ftypisom', 'latin1'))).toBeUndefined();
});

test('what was seen is told in bytes, and as text where it is text', () => {
  expect(describeHead(Buffer.from('%PDF-1.7'))).toBe('25 50 44 46 2d 31 2e 37 ("%PDF-1.7")');
  expect(describeHead(Buffer.from([0x89, 0x50]))).toBe('89 50');
});
