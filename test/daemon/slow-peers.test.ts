/**
 * Peers that stop reading, over real sockets: what they cost, what the others notice of it, and how it ends. The clients are
 * bare sockets, so that nothing of ours reads on their behalf.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import {
  type CodecContext,
  DEFAULT_CONTEXT,
  ERROR,
  encodeKeepalive,
  encodeOpen,
  FAMILY,
  Framer,
  MAX_MESSAGE_LENGTH,
  MESSAGE_TYPE,
  walkUpdate,
} from 'bgp-protocol';
import t, { type Test } from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { type Clock, systemClock, type Timer } from '../../src/base/clock.ts';
import { recordingLogger } from '../../src/base/log.ts';
import { parseConfig } from '../../src/config/index.ts';
import { EventStream } from '../../src/daemon/events.ts';
import { type Neighbour, routerIdNumber } from '../../src/daemon/neighbour.ts';
import { Neighbours } from '../../src/daemon/neighbours.ts';
import { Rib } from '../../src/rib/index.ts';
import { tcpTransport } from '../../src/session/index.ts';
import { blockOf, macIp } from '../rib/kit.ts';

const HERE = '127.0.2.100';
const ROUTES = 10_000;
const CONTEXT: CodecContext = { ...DEFAULT_CONTEXT, ibgp: true };
/** In a type-2 NLRI: the three octets of the MAC that count. */
const HOST_AT = 28;
const HOLD_SECONDS = 65535;

/** The real time, which the test may push forward. */
class PushedClock implements Clock {
  #pushed = 0;
  readonly #timers = new Set<{ due: number; action: () => void; timer: Timer }>();

  now(): number {
    return systemClock.now() + this.#pushed;
  }

  wallTime(): number {
    return systemClock.wallTime() + this.#pushed;
  }

  soon(action: () => void): Timer {
    return systemClock.soon(action);
  }

  after(milliseconds: number, action: () => void): Timer {
    const entry = { due: this.now() + milliseconds, action, timer: NEVER };
    this.#timers.add(entry);
    this.#arm(entry);
    return {
      cancel: () => {
        entry.timer.cancel();
        this.#timers.delete(entry);
      },
    };
  }

  push(milliseconds: number): void {
    this.#pushed += milliseconds;
    for (const entry of this.#timers) {
      entry.timer.cancel();
      this.#arm(entry);
    }
  }

  #arm(entry: { due: number; action: () => void; timer: Timer }): void {
    // Beyond this, a Node timer would fire at once.
    const wait = Math.min(Math.max(0, entry.due - this.now()), 2 ** 31 - 1);
    entry.timer = systemClock.after(wait, () => {
      this.#timers.delete(entry);
      entry.action();
    });
  }
}

const NEVER: Timer = { cancel: () => {} };

/** A peer that keeps its session up, and reads while `reading`: as little work as can be, for the time is the reflector's. */
class Client {
  /** Of each host the mobility sequence that it was last announced with; 0 for none. */
  readonly known = new Int32Array(ROUTES);
  withdrawn = 0;
  endOfRib = false;
  readonly #socket: Socket;

  constructor(address: string, port: number) {
    this.#socket = createConnection({ host: HERE, port, localAddress: address });
    const framer = new Framer((type, bytes, start, end) => this.#message(type, bytes, start, end), {
      maxLength: MAX_MESSAGE_LENGTH,
    });
    this.#socket.on('data', (chunk) => framer.push(chunk));
    this.#socket.on('error', () => {});
    this.#socket.write(
      encodeOpen({
        type: 'OPEN',
        version: 4,
        autonomousSystem: 65000,
        holdTimeSeconds: HOLD_SECONDS,
        routerId: address,
        capabilities: [
          { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
          { type: 'four-octet-as', autonomousSystem: 65000 },
        ],
      }),
    );
  }

  keepalive(): void {
    this.#socket.write(encodeKeepalive());
  }

  set reading(reading: boolean) {
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Whether it knows every route with this sequence number. */
  knows(sequence: number): boolean {
    return this.known.every((seen) => seen === sequence);
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === MESSAGE_TYPE.OPEN) this.keepalive();
    if (type !== MESSAGE_TYPE.UPDATE) return;
    let sequence = 0;
    walkUpdate(bytes, start, end, CONTEXT, {
      // The MAC Mobility community is the last of the block, and its sequence number the last of it.
      attributes: (octets, _from, to) => {
        sequence = octets[to - 1]!;
      },
      announce: (_family, octets, from) => {
        this.known[(octets[from + HOST_AT + 1]! << 8) | octets[from + HOST_AT + 2]!] = sequence;
      },
      withdraw: () => this.withdrawn++,
      endOfRib: () => {
        this.endOfRib = true;
      },
      fault: (fault) => {
        throw fault;
      },
    });
  }
}

class Reflector {
  readonly clock = new PushedClock();
  readonly rib: Rib;
  readonly neighbours: Neighbours;
  readonly clients: Client[] = [];
  readonly #port: number;
  readonly #keys = Array.from({ length: ROUTES }, (_, n) => macIp(n, '10.1.1.1'));

  private constructor(port: number) {
    this.#port = port;
    const text = `router: { asn: 65000, router-id: 10.0.0.100 }
listen: { addresses: [${HERE}], port: ${port} }
peer-groups: { g: { remote-as: internal, route-reflector-client: true, timers: { hold: ${HOLD_SECONDS} } } }
listen-ranges: [ { prefix: 127.0.2.0/24, peer-group: g } ]`;
    const { config } = parseConfig(text, 'test');
    const { clock } = this;
    const id = routerIdNumber('10.0.0.100');
    this.rib = new Rib({ localAs: 65000, routerId: id, clusterId: id, addresses: new AddressTable(), clock });
    this.neighbours = new Neighbours(
      config!.listen,
      {
        router: config!.router,
        gracefulRestart: config!.gracefulRestart,
        hostName: 'here',
        softwareVersion: 'test',
      },
      {
        rib: this.rib,
        clock,
        log: recordingLogger(),
        events: new EventStream(() => clock.wallTime()),
        transport: tcpTransport,
        random: () => 0.5,
        progress: () => {},
      },
    );
    this.neighbours.setRanges(config!.listenRanges);
  }

  static async start(t: Test): Promise<Reflector> {
    const reflector = new Reflector(await freePort());
    await reflector.neighbours.open();
    t.teardown(() => {
      reflector.neighbours.close();
      for (const client of reflector.clients) client.close();
    });
    return reflector;
  }

  async client(n: number): Promise<Client> {
    const client = new Client(`127.0.2.${n}`, this.#port);
    this.clients.push(client);
    await until(() => client.endOfRib);
    return client;
  }

  neighbour(n: number): Neighbour {
    return this.neighbours.find(`127.0.2.${n}`)!;
  }

  /** Announces every route anew with this sequence number; resolves, in milliseconds, when `clients` know. */
  async round(sequence: number, clients: readonly Client[]): Promise<number> {
    const start = systemClock.now();
    const block = this.rib.attributes.intern(blockOf({ sequence }));
    this.rib.attributes.retain(block);
    for (const { key, payload } of this.#keys) this.rib.originate(key, payload, block);
    await until(() => clients.every((client) => client.knows(sequence)));
    return systemClock.now() - start;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Turns of the event loop, until it is so. */
async function until(probe: () => boolean): Promise<void> {
  const deadline = systemClock.now() + 60_000;
  while (!probe()) {
    if (systemClock.now() > deadline) throw new Error(`never came true: ${probe}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Changes of every route that add nothing to the queue, in a row: it is full. */
const STILL_ROUNDS = 10;
/** So many changes of every route fill the kernel's buffers for sure, or nearly. */
const LEAST_ROUNDS = 30;
/** By then it must be: the kernel's own buffers take some rounds to fill. */
const MOST_ROUNDS = 300;
/** What the session lets wait, a slice on top of it, and room for what the kernel has just not taken. */
const MOST_QUEUED_OCTETS = 4 * 2 ** 20;

t.test(
  'a client that stops reading costs a bounded queue and a bitmap, nobody else slows, and it gets the last state',
  async (t) => {
    const reflector = await Reflector.start(t);
    const fast = [await reflector.client(1), await reflector.client(2)];
    let sequence = 0;
    let alone = 0;
    for (let i = 0; i < 5; i++) alone = Math.max(alone, await reflector.round(++sequence, fast));

    const slow = await reflector.client(3);
    slow.reading = false;
    const { peer } = reflector.neighbour(3);
    const { group, out } = reflector.neighbour(3).attachment!;
    const times: number[] = [];
    const queued: number[] = [];
    const memory: number[] = [];
    const standsStill = () =>
      queued.length > STILL_ROUNDS &&
      queued.at(-1)! > 0 &&
      queued.slice(-STILL_ROUNDS).every((octets) => octets === queued.at(-1));
    while (!standsStill() && queued.length < MOST_ROUNDS) {
      times.push(await reflector.round(++sequence, fast));
      queued.push(peer.statistics.queuedOctets);
      memory.push(group.memoryOctets);
    }
    t.ok(queued.at(-1)! > 0, 'its queue is full');
    t.ok(Math.max(...queued) < MOST_QUEUED_OCTETS, `${Math.max(...queued)} octets wait at most`);
    t.ok(standsStill(), `from some round on, ${STILL_ROUNDS} more changes of every route add nothing`);
    t.ok(memory.at(-1)! - memory[0]! < 64 * 1024, 'what it has to hear is a bitmap');
    t.equal(group.queued(out), ROUTES, 'each route once, however often it changed');
    const median = times.sort((a, b) => a - b)[times.length >> 1]!;
    t.ok(
      median < 3 * alone + 200,
      `the others take ${median.toFixed(0)} ms a round, ${alone.toFixed(0)} ms without it`,
    );

    slow.reading = true;
    await until(() => slow.knows(sequence));
    t.equal(slow.withdrawn, 0);
    t.equal(group.outOfStep, 0);
  },
);

t.test('RFC 9687: the send hold timer ends a client that stops reading; the others stay', async (t) => {
  const reflector = await Reflector.start(t);
  const fast = await reflector.client(1);
  const slow = await reflector.client(2);
  slow.reading = false;
  const { peer } = reflector.neighbour(2);
  let sequence = 0;
  do await reflector.round(++sequence, [fast]);
  while (peer.statistics.queuedOctets === 0 || sequence < LEAST_ROUNDS);

  // RFC 9687 section 4: twice the hold time. Both clients send keepalives all the while.
  const step = (HOLD_SECONDS / 4) * 1000;
  for (let i = 0; i < 9 && peer.state === 'Established'; i++) {
    const heard = [1, 2].map((n) => reflector.neighbour(n)?.peer.statistics.received.keepalives ?? 0);
    fast.keepalive();
    slow.keepalive();
    await until(() =>
      [1, 2].every(
        (n, k) => (reflector.neighbour(n)?.peer.statistics.received.keepalives ?? 1e9) > heard[k]!,
      ),
    );
    reflector.clock.push(step);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.not(peer.state, 'Established');
  t.match(peer.statistics.lastReset, { notification: { code: ERROR.SEND_HOLD_TIMER_EXPIRED } });
  await until(() => reflector.neighbours.find('127.0.2.2') === undefined);
  t.equal(reflector.neighbour(1).peer.state, 'Established');
  await reflector.round(++sequence, [fast]);
  t.ok(fast.knows(sequence));
});
