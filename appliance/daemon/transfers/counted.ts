// Tells how many bytes have come through a stream.

export function counted(onBytes: (bytes: number) => void) {
  return async function* count(pieces: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer, void, undefined> {
    let bytes = 0;
    for await (const piece of pieces) {
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
      yield chunk;
      bytes += chunk.length;
      onBytes(bytes);
    }
  };
}
