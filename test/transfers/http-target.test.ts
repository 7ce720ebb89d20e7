// One file by HTTP, to servers that answer in ways of their own.
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { HttpTarget } from '../../appliance/daemon/transfers/http-target.ts';

const bytes = 8_000_000;

/** `serve`: has the connection to itself. */
async function sendTo(serve: (socket: Socket) => void, signal = new AbortController().signal) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the other side leaves
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const target = new HttpTarget({ kind: 'http', url: `http://127.0.0.1:${port}/{file}`, method: 'PUT', headers: {} });
  const open = () => Readable.from([Buffer.alloc(bytes / 2), Buffer.alloc(bytes / 2)]);
  const file = { name: 'annotated.mp4', bytes, type: 'video/mp4', open };
  await target.send({ jobId: 'job', file, signal, onBytes: () => undefined });
}

it('is not there while some of it has not gone out, whatever the server says', async () => {
  const early = sendTo((socket) => {
    socket.once('data', () => socket.pause().write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  });
  await expect(early).rejects.toThrow('it answered 200 too early');
});

it('is not read on when the answer has no end', async () => {
  const gone = new Promise<void>((resolve) => {
    void sendTo((socket) => {
      let came = 0;
      socket.on('data', (piece) => {
        came += piece.length;
        if (came < bytes) return;
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        const more = setInterval(() => socket.write('5\r\nagain\r\n'), 5);
        socket.on('close', () => {
          clearInterval(more);
          resolve();
        });
      });
    });
  });
  await gone;
});

it('fails where the server switches to another protocol', async () => {
  const switched = sendTo((socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
  });
  await expect(switched).rejects.toThrow('it answered 101 Switching Protocols');
});
