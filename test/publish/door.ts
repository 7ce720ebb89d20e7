// Where a wire to a broker is entered: a free port of this machine, told as a broker's URL.
import { once } from 'node:events';
import type { Server } from 'node:net';

export async function openDoor(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** Throws once the server is closed. */
export function doorUrl(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the wire is closed');
  return `mqtt://127.0.0.1:${address.port}`;
}
