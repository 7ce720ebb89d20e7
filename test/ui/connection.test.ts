// Push, the fall back to asking, and the way back, against a real Socket.IO server and real HTTP.
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Access } from '../../ui/src/state/access.svelte.ts';
import { Connection, type ConnectionState, type PushSocket } from '../../ui/src/state/connection.svelte.ts';
import { Jobs } from '../../ui/src/state/jobs.svelte.ts';
import { Operator } from '../../ui/src/state/operator.svelte.ts';
import { Appliance } from '../../ui/src/wire/appliance.ts';
import { completedJob, jobId, jobItem, progressOf, runningJob, systemView } from './job-item.ts';
import { KioskServer } from './kiosk-server.ts';
import { memoryStore } from './memory-store.ts';

interface Client {
  readonly access: Access;
  readonly connection: Connection;
  readonly jobs: Jobs;
  readonly states: ConnectionState[];
}

describe('the connection of the screen', () => {
  const opened: { close(): void | Promise<void> }[] = [];
  let server: KioskServer;

  beforeEach(() => {
    server = new KioskServer();
    opened.push(server);
  });
  afterEach(async () => {
    for (const part of opened.splice(0).reverse()) await part.close();
  });

  function connect(origin: string): Client {
    const access = new Access(memoryStore());
    const jobs = new Jobs();
    const states: ConnectionState[] = [];
    const socket: PushSocket = io(origin, {
      autoConnect: false,
      forceNew: true,
      transports: ['websocket'],
      reconnectionDelay: 20,
      reconnectionDelayMax: 50,
      auth: (give) => give({ key: access.key }),
    });
    const connection = new Connection({
      socket,
      appliance: new Appliance(origin, access, new Operator()),
      jobs,
      access,
      pollMs: 30,
      onState: (state) => states.push(state),
    });
    opened.push(connection);
    connection.open();
    return { access, connection, jobs, states };
  }

  test('begins with a snapshot and goes on with deltas, without a single poll', async () => {
    const job = runningJob(1);
    server.jobs = [job];
    const { connection, jobs } = connect(await server.listen());
    await vi.waitFor(() => expect(connection.state).toBe('live'));
    expect(connection.system?.node).toBe('gate-north');
    server.advance(progressOf(job, { seq: 51, progress: 60 }));
    server.put(jobItem(2));
    server.change({ reasons: ['The disk is nearly full. Remove results.'] });
    await vi.waitFor(() => expect(connection.system?.reasons).toHaveLength(1));
    expect(jobs.running[0]?.progress).toBe(60);
    expect(jobs.pending).toHaveLength(1);
    server.remove(jobId(2));
    await vi.waitFor(() => expect(jobs.pending).toHaveLength(0));
    expect(server.polls).toBe(0);
  });

  test('asks over REST while push is down, and stops asking when push is back', async () => {
    server.jobs = [runningJob(1)];
    const { connection, jobs, states } = connect(await server.listen());
    await vi.waitFor(() => expect(connection.state).toBe('live'));

    server.breakPush();
    server.jobs = [completedJob(1)];
    await vi.waitFor(() => expect(server.polls).toBeGreaterThan(2));
    expect(connection.state).toBe('polling');
    expect(jobs.finished[0]?.status).toBe('completed');
    expect(connection.system?.node).toBe('gate-north');

    server.pushing = true;
    await vi.waitFor(() => expect(connection.state).toBe('live'), 5000);
    const asked = server.polls;
    server.put(jobItem(2));
    await vi.waitFor(() => expect(jobs.pending).toHaveLength(1));
    // Five pauses between two questions, by the clock of the connection itself.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(server.polls).toBe(asked);
    expect(states).toEqual(['live', 'polling', 'live']);
  });

  test('reads a cancelled job out of the dialect that has no word for it', async () => {
    server.pushing = false;
    server.jobs = [
      completedJob(1, { status: 'cancelled', error_message: 'Cancelled' }),
      completedJob(2, { status: 'failed', error_message: 'The file holds no video.' }),
    ];
    const { jobs } = connect(await server.listen());
    await vi.waitFor(() => expect(jobs.known).toBe(true));
    expect(jobs.finished.map(({ status }) => status)).toEqual(['failed', 'cancelled']);
  });

  test('says offline while nothing answers, and finds back by itself', async () => {
    server.pushing = false;
    server.answering = false;
    const { connection } = connect(await server.listen());
    await vi.waitFor(() => expect(connection.state).toBe('offline'));
    server.answering = true;
    await vi.waitFor(() => expect(connection.state).toBe('polling'));
    server.pushing = true;
    await vi.waitFor(() => expect(connection.state).toBe('live'), 5000);
  });

  test('takes a fresh snapshot when the tab wakes', async () => {
    const { connection, jobs } = connect(await server.listen());
    await vi.waitFor(() => expect(connection.state).toBe('live'));
    server.jobs = [jobItem(4)];
    connection.wake();
    await vi.waitFor(() => expect(jobs.pending).toHaveLength(1));
    expect(server.snapshots).toBe(2);
  });

  test('says what the screen looks at, again after every reconnection, and no longer than somebody does', async () => {
    const { connection } = connect(await server.listen());
    await vi.waitFor(() => expect(connection.state).toBe('live'));
    const [first, second] = [connection.look('preview'), connection.look('preview')];
    await vi.waitFor(() => expect(server.looks.at(-1)).toEqual({ preview: true, log: false }));
    first();
    first();
    const told = server.looks.length;
    server.breakPush();
    await vi.waitFor(() => expect(connection.state).toBe('polling'));
    server.pushing = true;
    await vi.waitFor(() => expect(connection.state).toBe('live'), 5000);
    await vi.waitFor(() => expect(server.looks.length).toBeGreaterThan(told));
    expect(server.looks.at(-1)).toEqual({ preview: true, log: false });
    second();
    await vi.waitFor(() => expect(server.looks.at(-1)).toEqual({ preview: false, log: false }));
  });

  test('is locked by a missing key, asks nothing meanwhile, and opens with the right one', async () => {
    const locked = new KioskServer({ key: 'sesame' });
    opened.push(locked);
    locked.system = systemView({ node: 'vault' });
    const { access, connection } = connect(await locked.listen());
    await vi.waitFor(() => expect(connection.state).toBe('locked'));
    expect(access.refused).toBe(true);
    access.give('wrong');
    await vi.waitFor(() => expect(access.refused).toBe(true));
    access.give(' sesame ');
    await vi.waitFor(() => expect(connection.state).toBe('live'));
    expect(connection.system?.node).toBe('vault');
    expect(access.refused).toBe(false);
  });
});
