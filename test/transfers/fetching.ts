// Downloads with a short patience, and what they tell.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { Downloads, type DownloadsOptions, type Room } from '../../appliance/daemon/transfers/downloads.ts';
import { type Address, UrlPolicy } from '../../appliance/daemon/transfers/url-policy.ts';
import { tempData } from '../support/temp-data.ts';
import { videoBytes } from './video-server.ts';

export const file = videoBytes(300_000);
const here: Address = { address: '127.0.0.1', family: 4 };
export const roomy: Room = {
  admit: () => Promise.resolve(),
  release: () => undefined,
  most: () => Promise.resolve(1e9),
};

export function openDownloads(options: Partial<DownloadsOptions> & { allow?: string[] } = {}) {
  const { allow = ['127.0.0.1'], ...rest } = options;
  const settings = { allow, private_networks: false, public_networks: true };
  return new Downloads({
    policy: new UrlPolicy(settings, { resolve: () => Promise.resolve([here]) }),
    maxBytes: 1_000_000,
    stallMs: 5000,
    atOnce: 2,
    giveUpMs: 40,
    backOffMs: 5,
    space: roomy,
    log: pino({ level: 'silent' }),
    ...rest,
  });
}

export function fetching(
  url: string,
  options: Parameters<typeof openDownloads>[0] & { folder?: string; signal?: AbortSignal } = {},
) {
  const { folder = tempData(), signal = new AbortController().signal, ...rest } = options;
  const told: [number, number | null][] = [];
  const onBytes = (bytes: number, total: number | null) => void told.push([bytes, total]);
  const held: (string | null)[] = [];
  const onHeld = (reason: string | null) => {
    if (held.at(-1) !== reason) held.push(reason);
  };
  const done = openDownloads(rest).fetch({ jobId: 'job', folder, url, signal, onBytes, onHeld });
  return { folder, told, held, done, input: () => readFileSync(join(folder, 'input')) };
}
