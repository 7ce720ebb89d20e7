// Downloads over TLS: under the name that was asked for, and only from those who can prove it.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { Downloads } from '../../appliance/daemon/transfers/downloads.ts';
import { UrlPolicy } from '../../appliance/daemon/transfers/url-policy.ts';
import { tempData } from '../support/temp-data.ts';

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? null : 'openssl is not installed';
const why = noOpenssl === null ? '' : ` (${noOpenssl})`;

it.skipIf(noOpenssl !== null)(
  `names the host to the server, and believes no certificate of its own making${why}`,
  async () => {
    const folder = tempData();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=video.example.com', '-addext', 'subjectAltName=DNS:video.example.com'];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ];
    execFileSync('openssl', made, { stdio: 'ignore' });
    const names: string[] = [];
    const options = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createServer({
      ...options,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const settings = { allow: ['video.example.com'], private_networks: false, public_networks: true };
    const downloads = new Downloads({
      policy: new UrlPolicy(settings, { resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) }),
      maxBytes: 1e6,
      stallMs: 5000,
      atOnce: 1,
      giveUpMs: 20,
      backOffMs: 20,
      space: { admit: () => Promise.resolve(), release: () => undefined, most: () => Promise.resolve(1e6) },
      log: pino({ level: 'silent' }),
    });
    const url = `https://video.example.com:${port}/a.mp4`;
    const { signal } = new AbortController();
    const told = { onBytes: () => undefined, onHeld: () => undefined };
    await expect(downloads.fetch({ jobId: 'job', folder, url, signal, ...told })).rejects.toThrow(
      'no answer (DEPTH_ZERO_SELF_SIGNED_CERT)',
    );
    expect(new Set(names)).toEqual(new Set(['video.example.com']));
  },
);
