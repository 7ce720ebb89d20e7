// Who hears what: rooms of live clients, told a part at a time, since a thousand sockets take milliseconds to write to.

/** The sides of Socket.IO that are used here. */
interface Member {
  join(room: string): unknown;
  leave(room: string): unknown;
}
/** Members by room; a room that nobody is in is not there. */
type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

/** Clients that are written to in one turn of the event loop, in about 2 ms. */
const mostInPart = 250;
/** Messages to one part each. More than a busy daemon ever has between two turns. */
const mostWaiting = 256;

export class Audience<M extends Member> {
  readonly #rooms: () => Rooms;
  /** The part of each room that a member is in. */
  readonly #seats = new WeakMap<M, Map<string, string>>();
  readonly #waiting: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;
  /** That a room was ever divided into. */
  #mostParts = 0;

  constructor(rooms: () => Rooms) {
    this.#rooms = rooms;
  }

  /** Rooms that it is in, as they were named to `join`. */
  of(member: M): ReadonlySet<string> {
    return new Set(this.#seats.get(member)?.keys());
  }

  join(member: M, room: string): void {
    const seats = this.#seats.get(member) ?? new Map<string, string>();
    this.#seats.set(member, seats);
    if (seats.has(room)) return;
    this.flush(); // or it would hear what was told before it came, or hear it twice
    const part = this.#part(room);
    seats.set(room, part);
    void member.join(part);
  }

  leave(member: M, room: string): void {
    const seats = this.#seats.get(member);
    const part = seats?.get(room);
    if (part === undefined) return;
    this.flush();
    seats?.delete(room);
    void member.leave(part);
  }

  /**
   * `emit` is called for each part of these rooms: at once for the first where nothing waits, and for each other in a
   * turn of its own. Every member hears everything in the order in which it was told.
   */
  tell(rooms: readonly string[], emit: (part: string) => void): void {
    const all = this.#rooms();
    for (const room of rooms) {
      for (let index = 0; index < this.#mostParts; index++) {
        const part = partName(room, index);
        if (all.has(part)) this.#waiting.push(() => emit(part));
      }
    }
    if (this.#waiting.length > mostWaiting) this.flush();
    else if (this.#turn === undefined) this.#next();
  }

  /** Tells all that waits, now. */
  flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  #next(): void {
    this.#turn = undefined;
    const tell = this.#waiting.shift();
    if (this.#waiting.length > 0) this.#turn = setImmediate(() => this.#next());
    tell?.();
  }

  /** The first that has room left. */
  #part(room: string): string {
    const all = this.#rooms();
    let index = 0;
    while ((all.get(partName(room, index))?.size ?? 0) >= mostInPart) index++;
    this.#mostParts = Math.max(this.#mostParts, index + 1);
    return partName(room, index);
  }
}

/** Each part is a room of Socket.IO: only one room at a time is left to µWebSockets.js, in one call for all in it. */
const partName = (room: string, index: number) => `${room}.${index}`;
