// A document in the making: pieces of it, made only as fast as the client takes them.
export type Pieces = AsyncGenerator<Uint8Array | string, void, undefined>;
