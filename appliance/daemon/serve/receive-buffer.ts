// Keeps one fast upload from holding the event loop: a bound for what a connection may have waiting in the kernel.
//
// µSockets reads a socket again and again while each read fills its buffer of 512 KiB, whether the stream is paused
// or not (`goto read_more` in loop.c). A sender on this machine or a fast network keeps it at that: 700 reads, half a
// gigabyte and a second without a turn of the event loop were measured. With less than 512 KiB in the kernel no read
// is full, and every one is followed by a turn. Connections inherit the size from the socket that accepts them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';

/** The kernel doubles it (socket(7)). At 1 ms to the sender it allows for some 200 MB/s. */
const bytes = 128 * 1024;
const patienceMs = 5000;

/** Perl is part of every Debian and Ubuntu; Node itself has no setsockopt. Descriptor 3 is the socket. */
const script = `use Socket; open(my $s, "+<&=", 3) or die $!; setsockopt($s, SOL_SOCKET, SO_RCVBUF, pack("i", ${bytes})) or die $!`;

/** Calls `act`, and tells which sockets of this process it opened, by descriptor. Empty where there is no /proc. */
export function socketsOpenedBy(act: () => void): number[] {
  const before = new Set(openSockets());
  act();
  return openSockets().filter((descriptor) => !before.has(descriptor));
}

/** Resolves to the reason where it could not be done. */
export async function boundReceiveBuffer(descriptor: number): Promise<string | undefined> {
  const perl = spawn('perl', ['-e', script], {
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
    timeout: patienceMs,
  });
  try {
    const [code] = (await once(perl, 'exit')) as [number | null];
    return code === 0 ? undefined : `perl ended with ${code ?? 'a signal'}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function openSockets(): number[] {
  try {
    return readdirSync('/proc/self/fd').filter(isSocket).map(Number);
  } catch {
    return []; // not Linux: the caller is told by the empty list
  }
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false; // the descriptor that listed the folder is closed by now
  }
}
