import { describe, expect, it } from 'vitest';
import { Outbox, type Send } from '../../appliance/daemon/publish/outbox.ts';

/** A broker's side by hand: what was sent, each with its acknowledgement. */
function makeWire() {
  const sent: { readonly text: string; readonly done: (error?: Error) => void }[] = [];
  const send: Send = (topic, payload, done) => sent.push({ text: `${topic}=${String(payload)}`, done });
  return { sent, send, texts: () => sent.map(({ text }) => text) };
}

describe('the outbox', () => {
  it('holds the newest payload of each topic while the broker is away, and no history', () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 10 });
    for (let seq = 0; seq < 1000; seq++) outbox.put(`job/${seq % 3}`, String(seq));
    expect(outbox.size).toBe(3);
    const wire = makeWire();
    outbox.open(wire.send);
    expect(wire.texts()).toEqual(['job/0=999', 'job/1=997', 'job/2=998']);
  });

  it('never holds more topics than it may: the one that waited longest goes, and is counted', () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 10 });
    for (let topic = 0; topic < 250; topic++) outbox.put(`job/${topic}`, 'state');
    expect(outbox.size).toBe(100);
    expect(outbox.dropped).toBe(150);
    const wire = makeWire();
    outbox.open(wire.send);
    expect(wire.texts()[0]).toBe('job/150=state');
  });

  it('has no more in flight than it may, and sends on with each acknowledgement', () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 4 });
    const wire = makeWire();
    outbox.open(wire.send);
    for (let topic = 0; topic < 10; topic++) outbox.put(`job/${topic}`, 'state');
    expect(wire.sent).toHaveLength(4);
    wire.sent[0]?.done();
    wire.sent[1]?.done(new Error('refused: not sent again'));
    expect(wire.sent).toHaveLength(6);
    expect(outbox.size).toBe(8);
  });

  it('has one of a topic in flight at most, and skips the states in between', () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 4 });
    const wire = makeWire();
    outbox.open(wire.send);
    for (let seq = 1; seq <= 50; seq++) outbox.put('job/1', String(seq));
    expect(wire.texts()).toEqual(['job/1=1']);
    wire.sent[0]?.done();
    expect(wire.texts()).toEqual(['job/1=1', 'job/1=50']);
  });

  it('sends again what was not acknowledged when the connection broke, unless newer waits', () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 4 });
    const first = makeWire();
    outbox.open(first.send);
    outbox.put('job/1', 'old');
    outbox.put('job/2', 'only');
    outbox.put('job/1', 'new');
    outbox.suspend();
    for (const { done } of first.sent) done(new Error('late answer of a dead connection'));
    const second = makeWire();
    outbox.open(second.send);
    expect(second.texts().sort()).toEqual(['job/1=new', 'job/2=only']);
  });

  it('says when it is empty, and gives up waiting when told to', async () => {
    const outbox = new Outbox({ mostTopics: 100, mostInFlight: 4 });
    const wire = makeWire();
    const patience = new AbortController();
    expect(await outbox.emptied(patience.signal)).toBe(true);
    outbox.open(wire.send);
    outbox.put('job/1', 'state');
    const emptied = outbox.emptied(patience.signal);
    wire.sent[0]?.done();
    expect(await emptied).toBe(true);
    outbox.put('job/2', 'state');
    const inVain = outbox.emptied(patience.signal);
    patience.abort();
    expect(await inVain).toBe(false);
    expect(await outbox.emptied(patience.signal)).toBe(false);
  });
});
