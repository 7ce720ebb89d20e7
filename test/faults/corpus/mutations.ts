// What is done to a sound file to make it a bad one. Every mutation leaves a copy.
import type { Piece } from './pieces.ts';
import type { Random } from './random.ts';

/** `pieces` are those of `bytes`. */
export type Mutation = (bytes: Buffer, pieces: readonly Piece[], random: Random) => Buffer;

export const mutations = {
  'few bits': (bytes, _, random) => flipped(bytes, 6, () => random.below(bytes.length), random),
  'many bytes': (bytes, _, random) => flipped(bytes, bytes.length / 100, () => random.below(bytes.length), random),
  'header bits': (bytes, pieces, random) => {
    const spots = () => {
      const piece = anyPiece(pieces, random);
      return piece.start + random.below(Math.min(64, piece.end - piece.start));
    };
    return flipped(bytes, 8, spots, random);
  },
  'zeroed run': (bytes, _, random) => {
    const length = Math.floor(bytes.length / 10);
    const start = random.below(bytes.length - length);
    return Buffer.from(bytes).fill(0, start, start + length);
  },
  'cut in a quarter': (bytes) => Buffer.from(bytes.subarray(0, bytes.length / 4)),
  'cut anywhere': (bytes, _, random) => Buffer.from(bytes.subarray(0, 16 + random.below(bytes.length - 16))),
  'cut at the end': (bytes, _, random) => Buffer.from(bytes.subarray(0, bytes.length - 1 - random.below(200))),
  hole: (bytes, _, random) => {
    const start = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random.below(2000))]);
  },
  'length too great': lie((length) => 2 * length + 100),
  'length huge': lie(() => 0x7ffffff0),
  'length too small': lie((length) => Math.max(9, length / 2)),
  'length nothing': lie(() => 0),
  'piece doubled': (bytes, pieces, random) => {
    const piece = anyPiece(pieces, random);
    const copy = bytes.subarray(piece.start, piece.end);
    return spliced(bytes, piece, piece.end, piece.end, [copy]);
  },
  'piece removed': (bytes, pieces, random) => {
    const piece = anyPiece(pieces, random);
    return spliced(bytes, piece, piece.start, piece.end, []);
  },
  'pieces swapped': (bytes, pieces, random) => {
    const first = anyPiece(pieces, random);
    const second = pieces.find(({ start, parent }) => start === first.end && parent === first.parent);
    if (!second) return spliced(bytes, first, first.start, first.end, []);
    const turned = [bytes.subarray(first.end, second.end), bytes.subarray(first.start, first.end)];
    return spliced(bytes, first, first.start, second.end, turned);
  },
} as const satisfies Record<string, Mutation>;

export type MutationName = keyof typeof mutations;

/** By name first: there are hundreds of blocks and one index. */
function anyPiece(pieces: readonly Piece[], random: Random): Piece {
  const name = random.pick([...new Set(pieces.map((piece) => piece.name))]);
  return random.pick(pieces.filter((piece) => piece.name === name));
}

function flipped(bytes: Buffer, times: number, spot: () => number, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let n = 0; n < times; n++) {
    const at = spot();
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
}

function lie(claimed: (length: number) => number): Mutation {
  return (bytes, pieces, random) => {
    const copy = Buffer.from(bytes);
    const piece = anyPiece(pieces, random);
    piece.claim(copy, Math.floor(claimed(piece.end - piece.start)));
    return copy;
  };
}

/** With the lengths of all that is around `piece` mended, so that a reader comes as far as the change. */
function spliced(bytes: Buffer, piece: Piece, from: number, to: number, parts: readonly Buffer[]): Buffer {
  const changed = Buffer.concat([bytes.subarray(0, from), ...parts, bytes.subarray(to)]);
  const grown = changed.length - bytes.length;
  for (let around = piece.parent; around; around = around.parent) {
    around.claim(changed, around.end - around.start + grown);
  }
  return changed;
}
