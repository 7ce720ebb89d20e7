import { beforeEach, describe, expect, it } from 'vitest';
import { Audience } from '../../appliance/daemon/publish/audience.ts';

/** In rooms and hearing things, as Socket.IO's sockets are and do. */
class Listener {
  readonly heard: string[] = [];
  readonly #name: string;
  readonly #rooms: Map<string, Set<string>>;

  constructor(name: string, rooms: Map<string, Set<string>>) {
    this.#name = name;
    this.#rooms = rooms;
  }

  join(room: string): void {
    this.#rooms.set(room, (this.#rooms.get(room) ?? new Set<string>()).add(this.#name));
  }

  leave(room: string): void {
    this.#rooms.get(room)?.delete(this.#name);
    if (this.#rooms.get(room)?.size === 0) this.#rooms.delete(room);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('an audience', () => {
  let rooms: Map<string, Set<string>>;
  let listeners: Map<string, Listener>;
  let audience: Audience<Listener>;
  function add(count: number, room: string): Listener[] {
    return Array.from({ length: count }, () => {
      const name = String(listeners.size);
      const listener = new Listener(name, rooms);
      listeners.set(name, listener);
      audience.join(listener, room);
      return listener;
    });
  }
  const tell = (what: string, ...to: string[]) =>
    audience.tell(to, (part) => {
      for (const name of rooms.get(part) ?? []) listeners.get(name)?.heard.push(what);
    });
  const reached = (what: string) => [...listeners.values()].filter(({ heard }) => heard.includes(what)).length;

  beforeEach(() => {
    rooms = new Map();
    listeners = new Map();
    audience = new Audience(() => rooms);
  });

  it('tells a few at once', () => {
    add(10, 'all');
    tell('one', 'all');
    expect(reached('one')).toBe(10);
  });

  it('tells a thousand 250 in a turn of the event loop', async () => {
    add(1000, 'all');
    tell('one', 'all');
    const counts = [reached('one')];
    for (let turns = 0; turns < 4; turns++) {
      await turn();
      counts.push(reached('one'));
    }
    expect(counts).toEqual([250, 500, 750, 1000, 1000]);
  });

  it('tells everyone everything once and in order', async () => {
    add(600, 'all');
    add(300, 'job');
    const told = ['one', 'two', 'three'];
    for (const what of told) tell(what, 'all', 'job');
    await turn();
    audience.flush();
    for (const { heard } of listeners.values()) expect(heard).toEqual(told);
  });

  it('tells who comes or changes rooms nothing that was told before, and those who were there all of it', () => {
    const [mover] = add(251, 'all');
    if (!mover) throw new Error('nobody');
    tell('one', 'all', 'job');
    const [late] = add(1, 'job');
    audience.leave(mover, 'all');
    audience.join(mover, 'job');
    tell('two', 'job');
    audience.flush();
    expect(late?.heard).toEqual(['two']);
    expect(mover.heard).toEqual(['one', 'two']);
    expect(reached('one')).toBe(251);
  });

  it('fills the places that became free', () => {
    const [first] = add(250, 'all');
    if (!first) throw new Error('nobody');
    audience.leave(first, 'all');
    expect([...audience.of(first)]).toEqual([]);
    add(1, 'all');
    expect(rooms.size).toBe(1);
  });

  it('lets only so much wait', () => {
    add(500, 'all');
    for (let told = 0; told < 1000; told++) tell(String(told), 'all');
    const least = Math.min(...[...listeners.values()].map(({ heard }) => heard.length));
    expect(least).toBeGreaterThan(1000 - 256);
    audience.flush();
  });
});
