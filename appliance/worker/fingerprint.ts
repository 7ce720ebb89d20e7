// Tells one file from another without reading it whole: its size, and hashes of its first and last MiB.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';

export const Fingerprint = z.object({ bytes: z.number().int(), head: z.string(), tail: z.string() });
export type Fingerprint = z.infer<typeof Fingerprint>;

const pieceBytes = 1024 * 1024;

/** Throws the file system's error where the file cannot be read. */
export async function fingerprint(path: string): Promise<Fingerprint> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const hash = async (start: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, start);
      return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
    };
    return { bytes: size, head: await hash(0), tail: await hash(Math.max(size - pieceBytes, 0)) };
  } finally {
    await file.close();
  }
}
