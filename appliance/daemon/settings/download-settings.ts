// What may be downloaded, and how much of it at once.
import { isIP } from 'node:net';
import { z } from 'zod';

export const DownloadSettings = z.strictObject({
  /** Names such as `nas.lan` or `*.lan`, addresses, and networks such as `192.168.1.0/24`: these may always be reached. */
  allow: z
    .array(
      z
        .string()
        .refine(isPlace, 'expected a name such as nas.lan or *.lan, an address, or a network such as 10.0.0.0/8'),
    )
    .max(200)
    .default([]),
  /** Addresses that are not public: of the machine itself, and of the networks around it. */
  private_networks: z.boolean().default(false),
  public_networks: z.boolean().default(true),
  max_mb: z.number().positive().default(20_480),
  /** Downloads at the same time; the others wait. */
  at_once: z.int().min(1).max(16).default(2),
  /** A connection that brings less than 1 KB a second for so long is given up, and made anew. */
  stall_s: z.number().positive().max(3600).default(30),
  /** A download fails after so many minutes in which no try brings anything. */
  give_up_min: z.number().positive().max(10_080).default(60),
});

function isPlace(entry: string): boolean {
  const [start = '', bits, ...rest] = entry.split('/');
  const family = isIP(start);
  if (family === 0) return /^(\*\.)?(?!-)[a-z\d_-]+(\.[a-z\d_-]+)*$/i.test(entry) && !/^[\d.]+$/.test(entry);
  const most = family === 4 ? 32 : 128;
  return rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}
