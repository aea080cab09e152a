import {
  BgpFault,
  CEASE,
  ERROR,
  encodeKeepalive,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  FAMILY,
  type OpenMessage,
} from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { silentLogger } from '../../src/base/log.ts';
import { Listener, type MemoryConnection, Peer } from '../../src/session/index.ts';
import { A, B, baseConfig, pseudoRandom, recorder, World } from './speakers.ts';

const SECOND = 1000;

/** An UPDATE of nothing: End-of-RIB of IPv4 unicast (RFC 4724 section 2), 23 octets. */
const EMPTY_UPDATE = Uint8Array.from([...new Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]);

function bigBuffer(octets: number): Uint8Array {
  const count = Math.floor(octets / EMPTY_UPDATE.length);
  const buffer = new Uint8Array(count * EMPTY_UPDATE.length);
  for (let i = 0; i < count; i++) buffer.set(EMPTY_UPDATE, i * EMPTY_UPDATE.length);
  return buffer;
}

/** A speaker that says only what the test says. */
class Puppet {
  readonly received: Uint8Array[] = [];
  closed: Error | 'ended' | undefined;
  readonly connection: MemoryConnection;

  constructor(connection: MemoryConnection) {
    this.connection = connection;
    connection.attach({
      connected() {},
      data: (chunk) => this.received.push(chunk.slice()),
      progress() {},
      writable() {},
      closed: (error) => {
        this.closed = error ?? 'ended';
      },
    });
  }

  /** `type code/subcode` of each message received. */
  get heard(): string[] {
    const all = Buffer.concat(this.received);
    const heard: string[] = [];
    for (let at = 0; at < all.length; at += all.readUInt16BE(at + 16)) {
      const type = all[at + 18]!;
      heard.push(type === 3 ? `3 ${all[at + 19]}/${all[at + 20]}` : String(type));
    }
    return heard;
  }
}

async function puppets(world: World, address: string): Promise<Puppet[]> {
  const accepted: Puppet[] = [];
  await world.network
    .host(address)
    .listen({ address, port: 179 }, (connection) =>
      accepted.push(new Puppet(connection as MemoryConnection)),
    );
  return accepted;
}

const openOf = (routerId: string, more: Partial<OpenMessage> = {}): Uint8Array =>
  encodeOpen({
    type: 'OPEN',
    version: 4,
    autonomousSystem: 65000,
    holdTimeSeconds: 9,
    routerId,
    capabilities: [
      { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
      { type: 'route-refresh' },
      { type: 'four-octet-as', autonomousSystem: 65000 },
    ],
    ...more,
  });

t.test(
  'RFC 4271 section 8: two speakers that start together are established within a second, once',
  async (t) => {
    const world = new World();
    const { a, b } = await world.pair();
    world.clock.advance(SECOND);
    t.equal(a.peer.state, 'Established');
    t.equal(b.peer.state, 'Established');
    world.clock.advance(120 * SECOND);
    t.equal(a.seen.established, 1);
    t.equal(b.seen.established, 1);
    t.same(a.seen.closed, []);
    t.equal(a.peer.negotiated?.kind, 'ibgp');
    t.equal(a.peer.negotiated?.remoteRouterId, B);
    t.equal(world.network.connections(A, B).length, 2, 'one connection, two ends');
  },
);

t.test('RFC 4271 section 8.1.1: a passive speaker waits, and the other one connects', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ passive: true }, {});
  world.clock.advance(SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(a.peer.statistics.connectionsAttempted, 0);
  t.equal(b.peer.negotiated?.remote.port, 179);
  t.equal(a.peer.negotiated?.local.port, 179);
});

t.test('two passive speakers stay in Active and make no attempt', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ passive: true }, { passive: true });
  world.clock.advance(300 * SECOND);
  t.equal(a.peer.state, 'Active');
  t.equal(b.peer.state, 'Active');
  t.equal(a.peer.statistics.connectionsAttempted + b.peer.statistics.connectionsAttempted, 0);
});

t.test(
  'RFC 4271 section 6.8: whatever the order of starts, delays and router ids, one connection stays',
  async (t) => {
    for (const latencyMilliseconds of [0, 1, 5, 40]) {
      for (const offset of [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 15, 20, 39, 40, 41, 60, 79, 80, 81, 120, 200]) {
        for (const swap of [false, true]) {
          const world = new World({ latencyMilliseconds, seed: offset + 1 });
          const ids = swap ? { a: '10.0.0.9', b: '10.0.0.2' } : { a: '10.0.0.1', b: '10.0.0.2' };
          const { a, b } = await world.pair({ routerId: ids.a }, { routerId: ids.b }, false);
          a.peer.start();
          world.clock.advance(offset);
          b.peer.start();
          world.clock.advance(3 * SECOND);
          const what = `latency ${latencyMilliseconds}, offset ${offset}, ${swap ? 'higher' : 'lower'} id first`;
          const up = [a.peer.state, b.peer.state, a.seen.established, b.seen.established].join(' ');
          if (up !== 'Established Established 1 1') t.equal(up, 'Established Established 1 1', what);
          if (world.network.connections(A, B).length !== 2)
            t.equal(world.network.connections(A, B).length, 2, what);
        }
      }
    }
  },
);

t.test('RFC 4271 section 6.8: the connection of the higher router id is the one that stays', async (t) => {
  for (const [a, b] of [
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.3', '10.0.0.2'],
  ] as const) {
    const world = new World({ latencyMilliseconds: 10 });
    const pair = await world.pair({ routerId: a }, { routerId: b });
    world.clock.advance(SECOND);
    const higherIsA = a > b;
    t.equal(pair.a.peer.negotiated?.remote.port === 179, higherIsA, `${a} against ${b}`);
    t.ok(pair.a.peer.statistics.collisions + pair.b.peer.statistics.collisions > 0, 'there was a collision');
  }
});

t.test('RFC 6286 section 2.3: with equal router ids in two ASes the larger AS number decides', async (t) => {
  const world = new World({ latencyMilliseconds: 10 });
  const { a, b } = await world.pair(
    { routerId: '10.9.9.9', localAs: 65001, remoteAs: 65002 },
    { routerId: '10.9.9.9', localAs: 65002, remoteAs: 65001 },
  );
  world.clock.advance(SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(b.peer.negotiated?.kind, 'ebgp');
  t.equal(b.peer.negotiated?.remote.port, 179, 'the one that AS 65002 made');
});

t.test(
  'RFC 4271 section 6.8: a connection that begins when the session is up is refused with Cease 7',
  async (t) => {
    const world = new World();
    const { a } = await world.pair();
    world.clock.advance(SECOND);
    const events = {
      connected() {},
      data: (chunk: Uint8Array) => chunks.push(chunk),
      progress() {},
      writable() {},
      closed() {},
    };
    const chunks: Uint8Array[] = [];
    world.network.host(B).connect({ address: A, port: 179 }, events);
    world.clock.advance(SECOND);
    t.same([...Buffer.concat(chunks).subarray(18, 21)], [3, 6, 7]);
    t.equal(a.peer.state, 'Established');
    t.equal(a.seen.closed.length, 0);
  },
);

t.test('a peer that restarts without a word is back as soon as it connects again', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ holdTimeSeconds: 90 }, { holdTimeSeconds: 90 });
  world.clock.advance(20 * SECOND);
  // The process of B dies, its kernel forgets the connection without sending anything.
  for (const connection of world.network.connections(A, B)) connection.cut();
  b.listener.close();
  const reborn = await world.speaker(B, A, { holdTimeSeconds: 90 });
  reborn.peer.start();
  // As A's KEEPALIVE meets a kernel that does not know the connection, it is reset.
  world.clock.advance(10);
  for (const connection of world.network.connections(A, B)) {
    if (connection.local.address === A) connection.reset();
  }
  world.clock.advance(100 * SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(reborn.peer.state, 'Established');
});

t.test(
  'RFC 4271 section 6.8: a connection beside an established session is refused, and asks the old one whether it lives',
  async (t) => {
    const world = new World();
    const accepted = await puppets(world, B);
    const a = await world.speaker(A, B);
    a.peer.start();
    world.clock.advance(10);
    const old = accepted[0]!;
    old.connection.write(openOf(B, { holdTimeSeconds: 9 }));
    old.connection.write(encodeKeepalive());
    world.clock.advance(10);
    t.equal(a.peer.state, 'Established');
    const before = old.heard.length;
    world.clock.advance(5);
    t.equal(old.heard.length, before, 'nothing is due');

    const options = { address: A, port: 179 };
    const events = { connected() {}, data() {}, progress() {}, writable() {}, closed() {} };
    const newcomer = new Puppet(world.network.host(B).connect(options, events) as MemoryConnection);
    world.clock.advance(10);
    t.same(newcomer.heard, ['3 6/7']);
    t.same(old.heard.slice(before), ['4'], 'a KEEPALIVE at once: a peer that has restarted resets it');
    old.connection.reset();
    world.clock.advance(10);
    t.equal(a.seen.closed.length, 1);
  },
);

t.test(
  'RFC 4271 sections 4.4 and 10: keepalives at a third of the hold time, jittered by 0.75 to 1',
  async (t) => {
    const world = new World();
    const { a } = await world.pair({ holdTimeSeconds: 30 }, { holdTimeSeconds: 9 });
    world.clock.advance(SECOND);
    t.equal(a.peer.negotiated?.holdTimeSeconds, 9, 'the smaller of the two');
    t.equal(a.peer.negotiated?.keepaliveSeconds, 3);
    const before = a.peer.statistics.sent.keepalives;
    world.clock.advance(900 * SECOND);
    const sent = a.peer.statistics.sent.keepalives - before;
    t.ok(sent >= 300 && sent <= 400, `${sent} keepalives in 900 s`);
    t.equal(a.peer.state, 'Established');
  },
);

t.test('RFC 4271 section 4.2: hold time 0 means no keepalives and no end', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ holdTimeSeconds: 0 }, { holdTimeSeconds: 90 });
  world.clock.advance(SECOND);
  t.equal(b.peer.negotiated?.holdTimeSeconds, 0);
  const before = b.peer.statistics.sent.keepalives;
  for (const connection of world.network.connections(A, B)) connection.stall(true);
  world.clock.advance(86_400 * SECOND);
  t.equal(b.peer.statistics.sent.keepalives, before);
  t.equal(a.peer.state, 'Established');
});

t.test(
  'RFC 4271 section 6.5: silence for the hold time ends the session with code 4, not a moment earlier',
  async (t) => {
    const world = new World();
    const { a, b } = await world.pair({ holdTimeSeconds: 3 }, { holdTimeSeconds: 3 });
    world.clock.advance(SECOND);
    for (const connection of world.network.connections(A, B)) connection.cut();
    world.clock.advance(1.9 * SECOND);
    t.equal(a.peer.state, 'Established');
    world.clock.advance(1.2 * SECOND);
    t.not(a.peer.state, 'Established');
    t.match(a.seen.closed[0]?.text, 'hold timer expired: nothing received for 3 s');
    t.match(a.seen.closed[0]?.notification, { code: ERROR.HOLD_TIMER_EXPIRED, subcode: 0 });
    t.match(b.seen.closed[0]?.text, 'hold timer expired');
  },
);

t.test(
  'RFC 4271 section 6.2, 2/2: a peer in another AS is refused, and both sides say so in words',
  async (t) => {
    const world = new World();
    const { a, b } = await world.pair({ remoteAs: 65001 }, { localAs: 65002, remoteAs: 65000 });
    world.clock.advance(10 * SECOND);
    t.equal(a.peer.statistics.lastError, 'OPEN rejected: peer is in AS 65002, configured remote-as is 65001');
    t.equal(b.peer.statistics.lastError, 'received OPEN Message Error / Bad Peer AS');
    t.equal(a.seen.established, 0);
  },
);

t.test('internal and external need no AS number', async (t) => {
  for (const [remoteAs, localAs, up] of [
    ['internal', 65000, true],
    ['internal', 65001, false],
    ['external', 65000, false],
    ['external', 65001, true],
  ] as const) {
    const world = new World();
    const { a } = await world.pair({ remoteAs }, { localAs, remoteAs: 65000 });
    world.clock.advance(2 * SECOND);
    t.equal(a.peer.state === 'Established', up, `${remoteAs} with AS ${localAs}`);
  }
});

t.test(
  'RFC 5492 section 3: without a common family the session is refused with 2/7 and the missing one',
  async (t) => {
    const world = new World();
    const accepted = await puppets(world, B);
    const a = await world.speaker(A, B);
    a.peer.start();
    world.clock.advance(10);
    accepted[0]!.connection.write(
      openOf(B, { capabilities: [{ type: 'multiprotocol', family: FAMILY.IPV4_UNICAST }] }),
    );
    world.clock.advance(10);
    t.equal(
      a.peer.statistics.lastError,
      'OPEN rejected: no common address family: peer offers ipv4-unicast, we want l2vpn-evpn',
    );
    t.same(accepted[0]!.heard, ['1', '3 2/7']);
    const octets = Buffer.concat(accepted[0]!.received).toString('hex');
    t.ok(octets.endsWith('0207010400190046'), 'the data is our multiprotocol capability');
  },
);

t.test(
  'a family that only one side wants does not keep the session down, unless it is required',
  async (t) => {
    const both = [FAMILY.L2VPN_EVPN, FAMILY.IPV4_UNICAST];
    const world = new World();
    const { a } = await world.pair({ families: both });
    world.clock.advance(SECOND);
    t.same(a.peer.negotiated?.families, [FAMILY.L2VPN_EVPN]);
    t.same(a.peer.negotiated?.familiesNotOffered, [FAMILY.IPV4_UNICAST]);
    const strict = new World();
    const { a: refused } = await strict.pair({ families: both, requiredFamilies: both });
    strict.clock.advance(SECOND);
    t.match(refused.peer.statistics.lastError, 'required address family missing: peer offers l2vpn-evpn');
  },
);

t.test('RFC 6286 section 2.2: an internal peer with our router id is refused with 2/3', async (t) => {
  const world = new World();
  const { a } = await world.pair({ routerId: '10.0.0.7' }, { routerId: '10.0.0.7' });
  world.clock.advance(SECOND);
  t.equal(a.peer.statistics.lastError, 'OPEN rejected: internal peer has our own router id 10.0.0.7');
});

t.test('RFC 4271 section 6.2, 2/6: a hold time below the least allowed is refused', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({ minimumHoldTimeSeconds: 30, holdTimeSeconds: 90, passive: true }, {});
  world.clock.advance(SECOND);
  t.equal(
    a.peer.statistics.lastError,
    'OPEN rejected: peer proposes a hold time of 9 s, the least allowed is 30 s',
  );
  t.match(b.peer.statistics.lastError, 'Unacceptable Hold Time');
});

t.test('RFC 8654 and RFC 6793: message size and width of AS numbers are what both advertised', async (t) => {
  const world = new World();
  const { a, b } = await world.pair({}, { extendedMessage: false });
  world.clock.advance(SECOND);
  t.equal(a.peer.negotiated?.maxMessageLength, 4096);
  t.equal(a.peer.negotiated?.context.extendedMessage, false);
  t.equal(b.peer.negotiated?.context.fourOctetAs, true);
  const wide = new World();
  const { a: c } = await wide.pair(
    { localAs: 4200000001, remoteAs: 4200000001 },
    { localAs: 4200000001, remoteAs: 4200000001 },
  );
  wide.clock.advance(SECOND);
  t.equal(c.peer.negotiated?.maxMessageLength, 65535);
  t.equal(c.peer.negotiated?.remoteAs, 4200000001);
});

t.test('host name and software version of the peer are known', async (t) => {
  const world = new World();
  const { a } = await world.pair(
    {},
    { hostName: 'leaf2', domainName: 'example', softwareVersion: 'evpnd/1' },
  );
  world.clock.advance(SECOND);
  t.match(a.peer.negotiated, { hostName: 'leaf2', domainName: 'example', softwareVersion: 'evpnd/1' });
});

t.test('RFC 9003: the text of a shutdown arrives in words, and the peer stays down', async (t) => {
  const world = new World();
  const { a, b } = await world.pair();
  world.clock.advance(SECOND);
  a.peer.stop({ message: 'maintenance until 14:00, ticket 4711' });
  t.equal(a.peer.state, 'Idle');
  t.equal(a.seen.closed.length, 1);
  world.clock.advance(SECOND);
  t.equal(
    b.seen.closed[0]?.text,
    'received Cease / Administrative Shutdown: "maintenance until 14:00, ticket 4711"',
  );
  t.equal(b.seen.closed[0]?.origin, 'received');
  world.clock.advance(300 * SECOND);
  t.equal(a.peer.state, 'Idle');
  t.not(b.peer.state, 'Established');
  a.peer.start();
  world.clock.advance(31 * SECOND);
  t.equal(b.peer.state, 'Established', 'and back when it is started again');
});

t.test('a reset comes back by itself, and says why', async (t) => {
  const world = new World();
  const { a, b } = await world.pair();
  world.clock.advance(SECOND);
  a.peer.reset(CEASE.ADMINISTRATIVE_RESET, 'clear bgp');
  world.clock.advance(3 * SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(a.seen.established, 2);
  t.equal(b.peer.statistics.lastReset?.text, 'received Cease / Administrative Reset: "clear bgp"');
  t.equal(b.peer.statistics.flaps, 1);
  t.equal(b.peer.statistics.lastError, undefined, 'nothing is wrong any more');
});

t.test(
  'RFC 8538 section 3: with the N bit of both a lasting end is a hard reset that wraps its reason',
  async (t) => {
    const gracefulRestart = { restarter: false, restartTimeSeconds: 120, notification: true };
    const world = new World();
    const { a, b } = await world.pair({ gracefulRestart }, { gracefulRestart });
    world.clock.advance(SECOND);
    t.equal(a.peer.negotiated?.notificationRestart, true);
    a.peer.stop({ message: 'bye' });
    world.clock.advance(SECOND);
    t.equal(b.seen.closed[0]?.text, 'received Cease / Hard Reset: Cease / Administrative Shutdown: "bye"');
    t.equal(b.seen.closed[0]?.hardReset, true);
    const plain = new World();
    const pair = await plain.pair({ gracefulRestart }, {});
    plain.clock.advance(SECOND);
    pair.a.peer.stop({ message: 'bye' });
    plain.clock.advance(SECOND);
    t.equal(pair.b.seen.closed[0]?.text, 'received Cease / Administrative Shutdown: "bye"');
  },
);

t.test(
  'RFC 4724 section 4.2: routes of a restarting peer may stay when TCP fails, not after a NOTIFICATION',
  async (t) => {
    for (const how of ['tcp', 'notification'] as const) {
      const world = new World();
      const accepted = await puppets(world, B);
      const a = await world.speaker(A, B, {
        gracefulRestart: { restarter: false, restartTimeSeconds: 120, notification: false },
      });
      a.peer.start();
      world.clock.advance(10);
      const puppet = accepted[0]!;
      puppet.connection.write(
        openOf(B, {
          capabilities: [
            { type: 'multiprotocol', family: FAMILY.L2VPN_EVPN },
            {
              type: 'graceful-restart',
              restarting: false,
              notification: false,
              restartTimeSeconds: 77,
              families: [{ family: FAMILY.L2VPN_EVPN, forwardingPreserved: true }],
            },
          ],
        }),
      );
      puppet.connection.write(encodeKeepalive());
      world.clock.advance(10);
      t.equal(a.peer.state, 'Established');
      if (how === 'tcp') puppet.connection.reset();
      else puppet.connection.write(encodeNotification({ code: 6, subcode: 4, data: new Uint8Array(0) }));
      world.clock.advance(10);
      const wanted = how === 'tcp' ? { families: [FAMILY.L2VPN_EVPN], seconds: 77 } : undefined;
      t.same(a.seen.closed[0]?.keepStale, wanted);
    }
  },
);

t.test(
  'RFC 9687: a peer that stops reading is let go when nothing moved for the send hold time',
  async (t) => {
    const world = new World({ windowOctets: 100_000 });
    const accepted = await puppets(world, B);
    const a = await world.speaker(A, B, { sendHoldTimeSeconds: 60 });
    a.peer.start();
    world.clock.advance(10);
    const { connection } = accepted[0]!;
    connection.write(openOf(B));
    connection.write(encodeKeepalive());
    world.clock.advance(10);
    t.equal(a.peer.state, 'Established');
    connection.stall(true);
    t.equal(a.peer.write(bigBuffer(50_000)), true);
    t.equal(a.peer.write(bigBuffer(2_000_000)), false, 'past the bound');
    const stalled = world.clock.now();
    // It is alive, keepalives come: it only does not read.
    while (a.seen.closed.length === 0 && world.clock.now() - stalled < 100 * SECOND) {
      connection.write(encodeKeepalive());
      world.clock.advance(SECOND);
    }
    const waited = (world.clock.now() - stalled) / SECOND;
    t.ok(waited >= 60 && waited <= 62, `after ${waited} s`);
    t.match(a.seen.closed[0]?.text, 'send hold timer expired: the peer does not read');
    t.match(a.seen.closed[0]?.notification, { code: ERROR.SEND_HOLD_TIMER_EXPIRED });
  },
);

t.test('RFC 9687: a slow reader that moves at all is kept', async (t) => {
  const world = new World({ windowOctets: 70_000, latencyMilliseconds: 1 });
  const { a, b } = await world.pair({ sendHoldTimeSeconds: 10, holdTimeSeconds: 3 }, {});
  world.clock.advance(SECOND);
  const slow = world.network.connections(A, B).find((connection) => connection.local.address === B)!;
  a.peer.write(bigBuffer(3_000_000));
  // Every second it reads for a moment.
  for (let i = 0; i < 30; i++) {
    slow.stall(true);
    world.clock.advance(0.9 * SECOND);
    slow.stall(false);
    slow.stall(true);
    world.clock.advance(2);
    slow.stall(false);
  }
  world.clock.advance(SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(b.seen.updates.length, Math.floor(3_000_000 / 23));
});

t.test(
  'backpressure: write says false past the bound, and writable comes once when the queue is short again',
  async (t) => {
    const world = new World({ windowOctets: 65_536, highWaterOctets: 200_000 });
    const { a, b } = await world.pair();
    world.clock.advance(SECOND);
    t.equal(a.peer.write(bigBuffer(1000)), true);
    t.equal(a.peer.write(bigBuffer(500_000)), false);
    t.ok(a.peer.statistics.queuedOctets > 200_000);
    t.equal(a.seen.writable, 0);
    world.clock.advance(SECOND);
    t.equal(a.seen.writable, 1);
    t.equal(a.peer.statistics.queuedOctets, 0);
    t.equal(b.seen.updates.length, Math.floor(1000 / 23) + Math.floor(500_000 / 23));
    t.equal(a.peer.statistics.sent.updates, b.peer.statistics.received.updates);
  },
);

t.test('nothing is written before the session is up', async (t) => {
  const world = new World();
  const { a } = await world.pair({}, {}, false);
  t.equal(a.peer.write(EMPTY_UPDATE), false);
  t.equal(a.peer.sendRouteRefresh(FAMILY.L2VPN_EVPN), false);
});

t.test(
  'RFC 2918 section 4: a refresh of a negotiated family arrives, one of another family is ignored',
  async (t) => {
    const world = new World();
    const { a, b } = await world.pair();
    world.clock.advance(SECOND);
    t.equal(a.peer.sendRouteRefresh(FAMILY.L2VPN_EVPN), true);
    t.equal(a.peer.sendRouteRefresh(FAMILY.IPV6_UNICAST), false);
    t.equal(a.peer.sendRouteRefresh(FAMILY.L2VPN_EVPN, 1), true, 'RFC 7313: beginning of a refresh');
    a.peer.write(encodeRouteRefresh({ family: FAMILY.IPV6_UNICAST, subtype: 0 }));
    a.peer.write(encodeRouteRefresh({ family: FAMILY.L2VPN_EVPN, subtype: 9 }));
    world.clock.advance(SECOND);
    t.same(b.seen.refreshes, [
      { family: FAMILY.L2VPN_EVPN, subtype: 0 },
      { family: FAMILY.L2VPN_EVPN, subtype: 1 },
    ]);
    t.equal(b.peer.state, 'Established');
    t.equal(b.peer.statistics.received.routeRefreshes, 4);
  },
);

t.test('RFC 7313 section 5: a ROUTE-REFRESH of a wrong length ends the session with 7/1', async (t) => {
  const world = new World();
  const { a, b } = await world.pair();
  world.clock.advance(SECOND);
  const short = Uint8Array.from([...new Array(16).fill(0xff), 0, 21, 5, 0, 25]);
  a.peer.write(short);
  world.clock.advance(10);
  t.match(b.seen.closed[0]?.notification, { code: 7, subcode: 1 });
  t.match(a.seen.closed[0]?.text, 'received ROUTE-REFRESH Message Error / Invalid Message Length');
});

t.test(
  'RFC 7606: a fault that asks for a reset ends the session with its own code, a milder one does not',
  async (t) => {
    const world = new World();
    let action: 'treat-as-withdraw' | 'session-reset' = 'treat-as-withdraw';
    const fault = () =>
      new BgpFault('Cannot decode AS_PATH: length is 7', {
        code: 3,
        subcode: 11,
        data: Uint8Array.of(1),
        action,
      });
    const a = await world.speaker(A, B);
    const b = await world.speaker(B, A, {}, { update: fault });
    a.peer.start();
    b.peer.start();
    world.clock.advance(SECOND);
    a.peer.write(EMPTY_UPDATE);
    a.peer.write(EMPTY_UPDATE);
    world.clock.advance(10);
    t.equal(b.peer.state, 'Established');
    t.equal(b.peer.statistics.malformedUpdates, 2);
    const logged = b.log.records.filter(({ message }) => message.startsWith('malformed UPDATE'));
    t.equal(logged.length, 1, 'logged once');
    t.equal(logged[0]?.fields.octets, '00000000', 'with its octets');
    action = 'session-reset';
    a.peer.write(EMPTY_UPDATE);
    world.clock.advance(10);
    t.same(b.seen.closed[0]?.notification, {
      type: 'NOTIFICATION',
      code: 3,
      subcode: 11,
      data: Uint8Array.of(1),
    });
    t.match(a.seen.closed[0]?.text, 'received UPDATE Message Error / Malformed AS_PATH (data 01)');
  },
);

t.test(
  'RFC 4271 section 6.1: garbage instead of BGP gets 1/1 and is closed, bounded hex in the log',
  async (t) => {
    const world = new World();
    const accepted = await puppets(world, B);
    const a = await world.speaker(A, B);
    a.peer.start();
    world.clock.advance(10);
    accepted[0]!.connection.write(Buffer.from('GET / HTTP/1.1\r\n'.repeat(1000)));
    world.clock.advance(10);
    t.same(accepted[0]!.heard, ['1', '3 1/1']);
    t.equal(accepted[0]!.closed, 'ended');
    const line = a.log.records.find(({ level }) => level === 'warn');
    t.match(line?.message, 'Cannot decode message header: marker octet is 71, expected 255');
    t.ok(String(line?.fields.octets).startsWith('474554') && String(line?.fields.octets).length < 1100);
  },
);

t.test('RFC 6608 section 4: an UPDATE before the OPEN is an FSM error with subcode 1', async (t) => {
  const world = new World();
  const accepted = await puppets(world, B);
  const a = await world.speaker(A, B);
  a.peer.start();
  world.clock.advance(10);
  accepted[0]!.connection.write(EMPTY_UPDATE);
  world.clock.advance(10);
  t.same(accepted[0]!.heard, ['1', '3 5/1']);
});

t.test('RFC 4271 section 6.2, 2/1: another version is refused with the one we speak', async (t) => {
  const world = new World();
  const accepted = await puppets(world, B);
  const a = await world.speaker(A, B);
  a.peer.start();
  world.clock.advance(10);
  accepted[0]!.connection.write(openOf(B, { version: 3 }));
  world.clock.advance(10);
  t.same(accepted[0]!.heard, ['1', '3 2/1']);
  t.match(a.peer.statistics.lastError, 'OPEN rejected: Cannot decode OPEN: version is 3, expected 4');
});

t.test('DelayOpen: the OPEN waits for the peer, and answers it at once', async (t) => {
  const world = new World();
  const accepted = await puppets(world, B);
  const a = await world.speaker(A, B, { delayOpenSeconds: 30 });
  a.peer.start();
  world.clock.advance(SECOND);
  t.same(accepted[0]!.heard, []);
  t.equal(a.peer.state, 'Connect');
  accepted[0]!.connection.write(openOf(B));
  world.clock.advance(10);
  t.same(accepted[0]!.heard, ['1', '4']);
  t.equal(a.peer.state, 'OpenConfirm');
  accepted[0]!.connection.write(encodeKeepalive());
  world.clock.advance(10);
  t.equal(a.peer.state, 'Established');
  const alone = new World();
  const silent = await puppets(alone, B);
  const b = await alone.speaker(A, B, { delayOpenSeconds: 30 });
  b.peer.start();
  alone.clock.advance(29 * SECOND);
  t.same(silent[0]!.heard, []);
  alone.clock.advance(2 * SECOND);
  t.same(silent[0]!.heard, ['1']);
});

t.test(
  'a refused peer is tried again within seconds, a silent one after the connect retry time',
  async (t) => {
    const world = new World();
    const a = await world.speaker(A, B, { connectRetrySeconds: 10 });
    a.peer.start();
    world.clock.advance(60 * SECOND);
    const refused = a.peer.statistics.connectionsAttempted;
    t.ok(refused >= 12, `${refused} attempts in a minute`);
    t.equal(a.peer.statistics.lastError, 'TCP: connection refused');
    const b = await world.speaker(B, A);
    b.peer.start();
    world.clock.advance(2 * SECOND);
    t.equal(a.peer.state, 'Established');
    const quiet = new World();
    quiet.network.setReachability(B, 'silent');
    const c = await quiet.speaker(A, B, { connectRetrySeconds: 10 });
    c.peer.start();
    quiet.clock.advance(60 * SECOND);
    t.ok(c.peer.statistics.connectionsAttempted >= 6 && c.peer.statistics.connectionsAttempted <= 9);
    t.equal(c.peer.statistics.lastError, 'TCP: connection timed out, no answer within 10 s');
  },
);

t.test('RFC 2385: MD5 failures that rise while nobody answers are named as the likely cause', async (t) => {
  for (const [name, config, words] of [
    ['md5Failure', { password: 'k' }, 'TCP MD5 failures rising: wrong password?'],
    ['md5NotFound', { password: 'k' }, 'TCP segments without MD5 arrive: password missing at the peer?'],
    ['md5Unexpected', {}, 'TCP segments with MD5 arrive: password missing here?'],
    [
      'minTtlDrop',
      { ttlSecurityHops: 1 },
      'TCP segments with too low a TTL arrive: more hops than ttl-security allows?',
    ],
  ] as const) {
    const world = new World();
    world.network.setReachability(B, 'silent');
    const counters = { md5Failure: 5, md5NotFound: 0, md5Unexpected: 0, minTtlDrop: 0 };
    const readTcpCounters = () => {
      counters[name]++;
      return { ...counters };
    };
    const a = await world.speaker(A, B, config, { deps: { readTcpCounters } });
    a.peer.start();
    world.clock.advance(15 * SECOND);
    t.equal(a.peer.statistics.lastError, `TCP: connection timed out, no answer within 10 s, ${words}`);
  }
});

t.test('DampPeerOscillations: peers that disagree ask ever more slowly, but never give up', async (t) => {
  const world = new World();
  const accepted = await puppets(world, B);
  const a = await world.speaker(A, B);
  const attempts: number[] = [];
  a.peer.start();
  for (let i = 0; i < 3000; i++) {
    world.clock.advance(100);
    for (const puppet of accepted.splice(0)) {
      attempts.push(world.clock.now());
      puppet.connection.write(openOf(B, { autonomousSystem: 1, capabilities: [] }));
    }
  }
  const gaps = attempts.slice(1).map((at, i) => at - attempts[i]!);
  t.ok(gaps[0]! <= 1200, `first retry after ${gaps[0]} ms`);
  t.ok(Math.max(...gaps) <= 30_200 && gaps.at(-1)! > 20_000, `at last every ${gaps.at(-1)} ms`);
});

t.test('a waiting peer takes an incoming connection at once', async (t) => {
  const world = new World();
  const a = await world.speaker(A, B);
  a.peer.start();
  world.clock.advance(30 * SECOND);
  t.equal(a.peer.state, 'Idle');
  const b = await world.speaker(B, A);
  b.peer.start();
  world.clock.advance(20);
  t.equal(a.peer.state, 'Established');
});

t.test('shutdown in the configuration keeps a peer down; taken out and started, it comes up', async (t) => {
  const world = new World();
  const { a } = await world.pair({ shutdown: {} });
  world.clock.advance(5 * SECOND);
  t.equal(a.peer.state, 'Idle');
  t.equal(a.peer.statistics.connectionsAttempted, 0);
  const { shutdown: _, ...rest } = a.peer.config;
  t.equal(a.peer.reconfigure(rest), 'applied');
  a.peer.start();
  world.clock.advance(31 * SECOND);
  t.equal(a.peer.state, 'Established');
  t.equal(a.peer.reconfigure({ ...rest, shutdown: { message: 'later' } }), 'applied');
  t.equal(a.peer.state, 'Idle');
});

t.test(
  'reconfigure: a name is applied in place, a hold time needs a reset and counts after it',
  async (t) => {
    const world = new World();
    const { a } = await world.pair();
    world.clock.advance(SECOND);
    t.equal(a.peer.reconfigure({ ...a.peer.config, description: 'spine' }), 'applied');
    t.equal(a.peer.reconfigure({ ...a.peer.config, holdTimeSeconds: 3 }), 'needs reset');
    t.equal(a.peer.negotiated?.holdTimeSeconds, 9);
    a.peer.reset(CEASE.OTHER_CONFIGURATION_CHANGE);
    world.clock.advance(5 * SECOND);
    t.equal(a.peer.negotiated?.holdTimeSeconds, 3);
  },
);

t.test(
  'reconfigure: an attempt to connect under way has the old socket options, and is made anew',
  async (t) => {
    const world = new World({ latencyMilliseconds: 500 });
    const { a } = await world.pair();
    world.clock.advance(10);
    t.equal(a.peer.state, 'Connect');
    t.equal(a.peer.reconfigure({ ...a.peer.config, trafficClass: 0 }), 'needs reset');
    a.peer.reset(CEASE.OTHER_CONFIGURATION_CHANGE);
    world.clock.advance(20 * SECOND);
    t.equal(a.peer.state, 'Established');
  },
);

t.test('the states seen are the states of the session, in order, and end where the peer is', async (t) => {
  const world = new World();
  const { a } = await world.pair({ passive: true }, {});
  world.clock.advance(SECOND);
  t.same(a.seen.states, [
    'Idle>Active',
    'Active>OpenSent',
    'OpenSent>OpenConfirm',
    'OpenConfirm>Established',
  ]);
});

t.test('an UPDATE that stops the peer while it is processed is safe', async (t) => {
  const world = new World();
  const a = await world.speaker(A, B);
  const b = await world.speaker(
    B,
    A,
    {},
    {
      update: (peer) => {
        peer.stop({ message: 'enough' });
        return undefined;
      },
    },
  );
  a.peer.start();
  b.peer.start();
  world.clock.advance(SECOND);
  a.peer.write(bigBuffer(230));
  world.clock.advance(10);
  t.equal(b.seen.updates.length, 1);
  t.equal(b.peer.state, 'Idle');
  t.match(a.seen.closed[0]?.text, 'Administrative Shutdown: "enough"');
});

t.test(
  'random life: whatever is done to two peers, nothing throws, and left alone they are established again',
  async (t) => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(4000) }),
      fc.record({ do: fc.constant('stop' as const), who: fc.boolean() }),
      fc.record({ do: fc.constant('start' as const), who: fc.boolean() }),
      fc.record({ do: fc.constant('reset' as const), who: fc.boolean() }),
      fc.record({ do: fc.constant('break' as const), who: fc.boolean() }),
      fc.record({ do: fc.constant('cut' as const) }),
      fc.record({
        do: fc.constant('garbage' as const),
        bytes: fc.uint8Array({ maxLength: 60 }),
        who: fc.boolean(),
      }),
      fc.record({ do: fc.constant('write' as const), who: fc.boolean(), octets: fc.nat(400_000) }),
      fc.record({ do: fc.constant('refuse' as const), who: fc.boolean() }),
    );
    const life = fc.record({ steps: fc.array(step, { maxLength: 25 }), seed: fc.nat(), latency: fc.nat(30) });
    const law = fc.asyncProperty(life, async ({ steps, seed, latency }) => {
      const world = new World({ latencyMilliseconds: latency, random: pseudoRandom(seed) });
      const { a, b } = await world.pair();
      for (const action of steps) {
        const speaker = 'who' in action && action.who ? a : b;
        const own = 'who' in action && action.who ? A : B;
        const ends = world.network.connections(A, B).filter(({ local }) => local.address === own);
        if (action.do === 'wait') world.clock.advance(action.ms);
        else if (action.do === 'stop') speaker.peer.stop({});
        else if (action.do === 'start') speaker.peer.start();
        else if (action.do === 'reset') speaker.peer.reset();
        else if (action.do === 'break')
          for (const end of ends) end.fail(new Error('connection reset by peer'));
        else if (action.do === 'cut') for (const end of ends) end.cut();
        else if (action.do === 'garbage') for (const end of ends) end.write(action.bytes);
        else if (action.do === 'write') speaker.peer.write(bigBuffer(action.octets));
        else world.network.setReachability(own, 'refuse');
        world.clock.settle();
      }
      world.network.setReachability(A, 'open');
      world.network.setReachability(B, 'open');
      a.peer.start();
      b.peer.start();
      world.clock.advance(320 * SECOND);
      const up = a.peer.state === 'Established' && b.peer.state === 'Established';
      // Every session that began has ended, but the one that is up.
      const balanced = [a, b].every(({ seen }) => seen.established === seen.closed.length + 1);
      return up && balanced && world.network.connections(A, B).length === 2;
    });
    await t.resolves(fc.assert(law, { numRuns: 150 }));
  },
);

t.test(
  'random owner: stop, start, reset and write from within any callback are safe, and do what they say',
  async (t) => {
    const acts = fc.array(
      fc.constantFrom('stop', 'start', 'reset', 'write', 'restart', 'nothing', 'nothing'),
      { maxLength: 30 },
    );
    const law = fc.asyncProperty(acts, fc.nat(), async (list, seed) => {
      const world = new World({ seed });
      const log = silentLogger;
      const transport = world.network.host(A);
      const pending = [...list];
      let wanted = true;
      const act = () => {
        const next = pending.shift();
        // Callbacks come from within these calls: what is wanted is said first.
        if (next === 'stop' || next === 'restart') {
          wanted = false;
          peer.stop();
        }
        if (next === 'start' || next === 'restart') {
          wanted = true;
          peer.start();
        }
        if (next === 'reset') peer.reset();
        if (next === 'write') peer.write(EMPTY_UPDATE);
      };
      const events = {
        established: act,
        closed: act,
        stateChanged: act,
        writable: act,
        routeRefresh: act,
        update: () => undefined,
      };
      const deps = { clock: world.clock, log, random: pseudoRandom(seed), transport };
      const peer: Peer = new Peer(baseConfig(A, B), deps, events);
      const listener = new Listener({ transport, log, addresses: [{ address: A, port: 179 }] });
      await listener.open();
      listener.add(peer);
      const b = await world.speaker(B, A);
      b.peer.start();
      peer.start();
      world.clock.advance(400 * SECOND);
      return peer.state === (wanted ? 'Established' : 'Idle');
    });
    await t.resolves(fc.assert(law, { numRuns: 300 }));
  },
);

t.test('a peer that stays away is logged once', async (t) => {
  const world = new World();
  const a = await world.speaker(A, B);
  a.peer.start();
  world.clock.advance(60 * SECOND);
  const told = a.log.records.filter(
    ({ level, message }) => level === 'info' && message.includes('connection refused'),
  );
  t.equal(told.length, 1);
});

t.test(
  'hundreds of speakers in one process: a reflector and 200 clients are all established in a second',
  async (t) => {
    const world = new World();
    const transport = world.network.host(A);
    const listener = new Listener({ transport, log: silentLogger, addresses: [{ address: A, port: 179 }] });
    await listener.open();
    let up = 0;
    for (let i = 0; i < 200; i++) {
      const address = `10.1.${i >> 8}.${i & 255}`;
      const deps = { clock: world.clock, log: silentLogger, random: pseudoRandom(i), transport };
      const { events } = recorder();
      const peer = new Peer(baseConfig(A, address), deps, {
        ...events,
        established: () => up++,
        closed: () => up--,
      });
      listener.add(peer);
      const client = await world.speaker(address, A);
      peer.start();
      client.peer.start();
    }
    world.clock.advance(SECOND);
    t.equal(up, 200);
    world.clock.advance(120 * SECOND);
    t.equal(up, 200);
  },
);
