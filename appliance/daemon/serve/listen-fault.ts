// Why an address cannot be listened on: µWebSockets.js says only that it cannot, so Node is asked for the reason.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program holds it',
  EACCES: 'this user may not open it (ports below 1024 need a privilege)',
  EADDRNOTAVAIL: 'it is not an address of this machine',
  ENOTFOUND: 'the host name cannot be resolved',
};

export async function listenFault(host: string, port: number): Promise<Fault> {
  const reason = await reasonFor(host, port);
  const remedy = 'choose another with VEDETTE_PORT and VEDETTE_HOST, or serve.port and serve.host in vedette.yaml';
  return new Fault('port-taken', `Cannot listen on ${host}:${port}: ${reason}; ${remedy}`);
}

async function reasonFor(host: string, port: number): Promise<string> {
  const server = createServer();
  try {
    await once(server.listen({ host, port, exclusive: true }), 'listening');
    return 'it was held a moment ago and is free now';
  } catch (error) {
    const code = codeOf(error);
    return reasons[code] ?? (code || String(error));
  } finally {
    server.close();
  }
}
