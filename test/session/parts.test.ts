import { FAMILY, type OpenMessage } from 'bgp-protocol';
import fc from 'fast-check';
import t from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { arbitrate, outgoingSurvives } from '../../src/session/arbitration.ts';
import { Backoff } from '../../src/session/backoff.ts';
import { Countdown } from '../../src/session/countdown.ts';
import { STATES } from '../../src/session/fsm.ts';
import {
  Listener,
  type ListenSocket,
  MemoryNetwork,
  negotiate,
  Peer,
  resolvePeerConfig,
  settingsThatNeedReset,
  type Transport,
} from '../../src/session/index.ts';
import { sendHoldSeconds, ttlOf } from '../../src/session/peer-config.ts';
import { ReadTurns } from '../../src/session/read-turns.ts';
import { SessionTimers } from '../../src/session/session-timers.ts';
import { explainSilence, parseTcpCounters } from '../../src/session/tcp-counters.ts';
import { A, B, baseConfig, recorder, World } from './speakers.ts';

const routerId = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((octets) => octets.join('.'));

t.test('RFC 4271 section 6.8: both ends keep the same connection, whatever their ids', async (t) => {
  const speaker = fc.record({ routerId, autonomousSystem: fc.integer({ min: 1, max: 2 ** 32 - 1 }) });
  const law = fc.property(speaker, speaker, (x, y) => {
    fc.pre(x.routerId !== y.routerId || x.autonomousSystem !== y.autonomousSystem);
    return outgoingSurvives(x, y) !== outgoingSurvives(y, x);
  });
  t.doesNotThrow(() => fc.assert(law));
  t.equal(
    outgoingSurvives(
      { routerId: '9.0.0.1', autonomousSystem: 1 },
      { routerId: '10.0.0.1', autonomousSystem: 1 },
    ),
    false,
    'numbers, not text',
  );
  t.equal(
    outgoingSurvives(
      { routerId: '200.0.0.1', autonomousSystem: 1 },
      { routerId: '10.0.0.1', autonomousSystem: 1 },
    ),
    true,
    'unsigned',
  );
});

t.test(
  'RFC 4271 section 6.8: an OPEN decides only against a connection that has come to its own',
  async (t) => {
    const high = { routerId: '10.0.0.2', autonomousSystem: 1 };
    const low = { routerId: '10.0.0.1', autonomousSystem: 1 };
    const seen = STATES.map((state) => {
      const other = { state, outgoing: false };
      const fresh = { state: 'OpenSent', outgoing: true } as const;
      return [state, arbitrate(high, low, fresh, other), arbitrate(low, high, fresh, other)];
    });
    t.same(seen, [
      ['Idle', 'keep-both', 'keep-both'],
      ['Connect', 'keep-both', 'keep-both'],
      ['Active', 'keep-both', 'keep-both'],
      ['OpenSent', 'close-old', 'keep-both'],
      ['OpenConfirm', 'close-old', 'close-new'],
      ['Established', 'close-old', 'close-new'],
    ]);
    const twice = { state: 'OpenConfirm', outgoing: false } as const;
    t.equal(
      arbitrate(high, low, { state: 'OpenSent', outgoing: false }, twice),
      'close-old',
      'the peer began anew',
    );
  },
);

t.test('a countdown expires once, at its last deadline, and asks the clock rarely', async (t) => {
  const clock = new ManualClock();
  let asked = 0;
  const counting = {
    ...wrap(clock),
    after: (ms: number, action: () => void) => {
      asked++;
      return clock.after(ms, action);
    },
  };
  let expired: number[] = [];
  const countdown = new Countdown(counting, () => expired.push(clock.now()));
  countdown.start(100);
  for (let i = 0; i < 1000; i++) {
    clock.advance(1);
    countdown.start(100);
  }
  clock.advance(99);
  t.same(expired, []);
  clock.advance(1);
  t.same(expired, [1100]);
  t.equal(countdown.running, false);
  t.ok(asked < 20, `${asked} timers for 1001 starts`);
  expired = [];
  countdown.start(500);
  countdown.start(10);
  clock.advance(10);
  t.equal(expired.length, 1, 'a shorter deadline counts at once');
  countdown.start(10);
  countdown.stop();
  clock.advance(1000);
  t.equal(expired.length, 1);
});

function wrap(clock: ManualClock) {
  return {
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    soon: (action: () => void) => clock.soon(action),
  };
}

t.test(
  'read turns: a flood of one reader leaves the others their turn, in order, within a bound of time',
  async (t) => {
    const clock = new ManualClock();
    let time = 0;
    const turns = new ReadTurns(
      { ...wrap(clock), now: () => time, after: (ms, action) => clock.after(ms, action) },
      8,
    );
    const order: string[] = [];
    const paused = new Set<string>();
    const readerOf = (name: string) => ({
      read: (chunk: Uint8Array) => {
        time += 3;
        order.push(`${name}${chunk[0]}`);
      },
      pause: () => paused.add(name),
      resume: () => paused.delete(name),
    });
    const [a, b] = [readerOf('a'), readerOf('b')];
    for (let i = 1; i <= 6; i++) turns.offer(a, Uint8Array.of(i));
    turns.offer(b, Uint8Array.of(1));
    t.same(order, ['a1', 'a2', 'a3'], 'as much as the budget allows');
    t.same([...paused].sort(), ['a', 'b']);
    t.equal(turns.isWaiting(a), true);
    clock.settle();
    t.same(order, ['a1', 'a2', 'a3', 'a4', 'b1', 'a5', 'a6']);
    t.equal(paused.size, 0);
    for (let i = 0; i < 5; i++) turns.offer(b, Uint8Array.of(i));
    turns.forget(b);
    t.equal(turns.isWaiting(b), false);
  },
);

t.test('read turns: every chunk is read once, in the order of its reader', async (t) => {
  const offers = fc.array(fc.record({ who: fc.nat(4), cost: fc.nat(12), settle: fc.boolean() }), {
    maxLength: 80,
  });
  const law = fc.property(offers, (list) => {
    const clock = new ManualClock();
    let time = 0;
    const turns = new ReadTurns({
      ...wrap(clock),
      now: () => time,
      after: (ms, action) => clock.after(ms, action),
    });
    const read: number[][] = [[], [], [], [], []];
    const offered: number[][] = [[], [], [], [], []];
    const readers = read.map((mine) => ({
      read: (chunk: Uint8Array) => {
        mine.push(chunk[0]!);
        time += chunk[1]!;
      },
      pause() {},
      resume() {},
    }));
    for (const [i, { who, cost, settle }] of list.entries()) {
      offered[who]!.push(i);
      turns.offer(readers[who]!, Uint8Array.of(i, cost));
      if (settle) clock.settle();
    }
    clock.settle();
    return JSON.stringify(read) === JSON.stringify(offered);
  });
  t.doesNotThrow(() => fc.assert(law));
});

t.test('RFC 4271 section 6.5: a hold timer is not judged before what has arrived is read', async (t) => {
  const clock = new ManualClock();
  let expired = 0;
  let looks = 0;
  let unread = 0;
  const timers: SessionTimers = new SessionTimers(clock, () => 1, {
    connectRetryExpired() {},
    delayOpenExpired() {},
    keepaliveExpired() {},
    sendHoldExpired() {},
    holdExpired: () => expired++,
    hasUnsent: () => false,
    hasUnread: () => {
      looks++;
      return unread > 0;
    },
  });
  timers.startNegotiated(3, 1);
  // Received octets wait for their turn from before the expiry until 4 rounds after it; the last is a KEEPALIVE.
  unread = 4;
  const readOn = () => {
    unread--;
    if (unread > 0) clock.soon(readOn);
    else timers.restartHold();
  };
  clock.after(3000, () => clock.soon(readOn));
  clock.advance(3000);
  t.equal(expired, 0);
  t.ok(looks >= 4, 'it looked until everything was read');
  clock.advance(2999);
  t.equal(expired, 0, 'and counts from the KEEPALIVE on');
  looks = 0;
  clock.advance(1);
  t.equal(expired, 1);
  t.equal(looks, 3, 'sockets are read twice before it is believed');
  timers.startNegotiated(3, 1);
  clock.after(3000, () => timers.stopSession());
  clock.advance(10_000);
  t.equal(expired, 1, 'stopped while it was judged');
});

t.test(
  'backoff: one second, doubling; TCP up to five, sessions up to thirty, and a stable session forgets',
  async (t) => {
    const backoff = new Backoff();
    const at = () => backoff.milliseconds(10, () => 1);
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      backoff.tcpFailed();
      waits.push(at());
    }
    t.same(waits, [1000, 2000, 4000, 5000, 5000]);
    waits.length = 0;
    for (let i = 0; i < 7; i++) {
      backoff.connectRetryCounter++;
      backoff.sessionEnded(0);
      waits.push(at());
    }
    t.same(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backoff.connectRetryCounter++;
    backoff.sessionEnded(10_000);
    t.equal(at(), 1000);
    t.equal(
      backoff.milliseconds(10, () => 0),
      750,
      'with jitter',
    );
  },
);

t.test('the counters of /proc/net/netstat are read by name, and what rose is told', async (t) => {
  const text =
    'TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPMinTTLDrop\nTcpExt: 9 1 2 3 4\nIpExt: InNoRoutes\nIpExt: 0\n';
  const counters = { md5Failure: 3, md5NotFound: 1, md5Unexpected: 2, minTtlDrop: 4 };
  t.same(parseTcpCounters(text), counters);
  t.equal(parseTcpCounters('IpExt: a\nIpExt: 1\n'), undefined);
  const none = { password: false, gtsm: false };
  t.equal(explainSilence(counters, counters, none), undefined);
  t.equal(explainSilence(counters, undefined, none), undefined);
  t.match(
    explainSilence(counters, { ...counters, md5Failure: 4 }, { password: true, gtsm: false }),
    'wrong password',
  );
  t.equal(explainSilence(counters, { ...counters, md5Failure: 4 }, none), undefined, 'some other peer');
  t.match(
    explainSilence(counters, counters, { password: true, gtsm: false }),
    'does the peer have the same one?',
  );
});

t.test('RFC 5082 section 3: what GTSM, multihop and the kind of session make of the TTL', async (t) => {
  const external = { ...baseConfig(A, B), remoteAs: 65001 };
  t.same(ttlOf(external), { ttl: 1 });
  t.same(ttlOf({ ...external, ebgpMultihop: 5 }), { ttl: 5 });
  t.same(ttlOf({ ...external, ttlSecurityHops: 1 }), { ttl: 255, minTtl: 255 });
  t.same(ttlOf({ ...external, ttlSecurityHops: 3 }), { ttl: 255, minTtl: 253 });
  t.same(ttlOf(baseConfig(A, B)), { ttl: 255 });
  t.throws(() => resolvePeerConfig({ ...external, ttlSecurityHops: 1, ebgpMultihop: 2 }), TypeError);
});

t.test('RFC 9687 section 4: the send hold time is twice the hold time, eight minutes at least', async (t) => {
  const config = baseConfig(A, B);
  t.equal(sendHoldSeconds(config, 9), 480);
  t.equal(sendHoldSeconds(config, 300), 600);
  t.equal(sendHoldSeconds(config, 0), 0, 'section 3.2: no keepalives, no send hold timer');
  t.equal(sendHoldSeconds({ ...config, sendHoldTimeSeconds: 30 }, 9), 30);
});

t.test('hold times of 1 and 2 seconds cannot be configured', async (t) => {
  for (const holdTimeSeconds of [1, 2, -1, 65536]) {
    t.throws(() => resolvePeerConfig({ ...baseConfig(A, B), holdTimeSeconds }), /expected 0 or 3 to 65535/);
  }
});

t.test('settings that need a reset are named; a default spelt out is no change', async (t) => {
  const config = baseConfig(A, B);
  t.same(settingsThatNeedReset(config, { ...config, passive: false, port: 179, description: 'x' }), []);
  t.same(settingsThatNeedReset(config, { ...config, password: 'k', families: [FAMILY.VPNV4] }), [
    'families',
    'password',
  ]);
});

t.test('RFC 4760 section 8: a peer without the multiprotocol capability speaks IPv4 unicast', async (t) => {
  const config = resolvePeerConfig({ ...baseConfig(A, B), families: [FAMILY.IPV4_UNICAST] });
  const open: OpenMessage = {
    type: 'OPEN',
    version: 4,
    autonomousSystem: 65000,
    holdTimeSeconds: 180,
    routerId: B,
    capabilities: [],
  };
  const end = { address: A, port: 179 };
  const result = negotiate(config, open, end, end);
  t.ok('negotiated' in result);
  if (!('negotiated' in result)) return;
  const { families, context, routeRefresh, enhancedRefresh, keepaliveSeconds } = result.negotiated;
  t.same(families, [FAMILY.IPV4_UNICAST]);
  t.equal(context.fourOctetAs, false, 'an old speaker has 2-octet AS numbers');
  t.same([routeRefresh, enhancedRefresh, keepaliveSeconds], [false, false, 3]);
});

t.test('RFC 4271 section 4.4: keepalives come at least three times per hold time', async (t) => {
  const law = fc.property(
    fc.integer({ min: 3, max: 65535 }),
    fc.integer({ min: 3, max: 65535 }),
    fc.nat(65535),
    (ours, theirs, every) => {
      const config = resolvePeerConfig({
        ...baseConfig(A, B),
        holdTimeSeconds: ours,
        keepaliveSeconds: every || undefined,
      });
      const end = { address: A, port: 179 };
      const capabilities = [{ type: 'multiprotocol', family: FAMILY.L2VPN_EVPN }] as const;
      const open: OpenMessage = {
        type: 'OPEN',
        version: 4,
        autonomousSystem: 65000,
        holdTimeSeconds: theirs,
        routerId: B,
        capabilities,
      };
      const result = negotiate(config, open, end, end);
      if (!('negotiated' in result)) return false;
      const { holdTimeSeconds, keepaliveSeconds } = result.negotiated;
      return (
        holdTimeSeconds === Math.min(ours, theirs) &&
        keepaliveSeconds > 0 &&
        keepaliveSeconds * 3 <= holdTimeSeconds + 1e-9
      );
    },
  );
  t.doesNotThrow(() => fc.assert(law));
});

t.test('RFC 2385: the keys on the listeners follow the peers and ranges, by family', async (t) => {
  const keys = new Map<string, Map<string, string>>();
  const transport: Transport = {
    connect: () => {
      throw new Error('not here');
    },
    listen: async ({ address, port }): Promise<ListenSocket> => {
      const mine = new Map<string, string>();
      keys.set(address, mine);
      return {
        address,
        port,
        setPassword: (prefix, password) =>
          password === undefined ? mine.delete(prefix) : mine.set(prefix, password),
        close() {},
      };
    },
  };
  const addresses = [
    { address: '0.0.0.0', port: 179 },
    { address: '::', port: 179 },
  ];
  const listener = new Listener({ transport, log: silentLogger, addresses });
  const clock = new ManualClock();
  const deps = { clock, log: silentLogger, random: Math.random, transport };
  const early = new Peer({ ...baseConfig(A, B), password: 'one' }, deps, recorder().events);
  listener.add(early);
  await listener.open();
  const six = new Peer({ ...baseConfig(A, 'fd00::2'), password: 'six' }, deps, recorder().events);
  listener.add(six);
  listener.setRanges([{ prefix: '10.7.0.0/16', limit: 1, password: 'range', create: () => undefined }]);
  t.same(
    [...keys.get('0.0.0.0')!],
    [
      [`${B}/32`, 'one'],
      ['10.7.0.0/16', 'range'],
    ],
  );
  t.same([...keys.get('::')!], [['fd00::2/128', 'six']]);
  early.reconfigure({ ...baseConfig(A, B), password: 'two' });
  listener.add(early);
  t.equal(keys.get('0.0.0.0')?.get(`${B}/32`), 'two');
  listener.remove(early);
  listener.setRanges([]);
  listener.remove(six);
  t.equal(keys.get('0.0.0.0')!.size + keys.get('::')!.size, 0);
});

t.test('a listener that cannot have all its addresses keeps none', async (t) => {
  const network = new MemoryNetwork(new ManualClock());
  const transport = network.host(A);
  const log = silentLogger;
  const taken = new Listener({ transport, log, addresses: [{ address: A, port: 1 }] });
  await taken.open();
  const greedy = new Listener({
    transport,
    log,
    addresses: [
      { address: A, port: 2 },
      { address: A, port: 1 },
    ],
  });
  await t.rejects(greedy.open(), /in use/);
  const again = new Listener({ transport, log, addresses: [{ address: A, port: 2 }] });
  await t.resolves(again.open());
});

t.test(
  'a listener that moves keeps its peers and how many its ranges have; one that cannot stays',
  async (t) => {
    const world = new World();
    const transport = world.network.host(A);
    const at = (...ports: number[]) => ports.map((port) => ({ address: A, port }));
    const listener = new Listener({ transport, log: silentLogger, addresses: at(179) });
    await listener.open();
    const made: string[] = [];
    const create = (address: string) => {
      made.push(address);
      const deps = { clock: world.clock, log: silentLogger, random: Math.random, transport };
      const peer = new Peer({ ...baseConfig(A, address), passive: true }, deps, recorder().events);
      peer.start();
      return peer;
    };
    listener.setRanges([{ prefix: '10.0.0.0/24', limit: 1, create }]);
    const knock = async (address: string, port: number) => {
      const { peer } = await world.speaker(address, A, { port });
      peer.start();
      world.clock.advance(100);
      const { state, statistics } = peer;
      peer.stop();
      return state === 'Established' ? state : statistics.lastError;
    };
    const first = await world.speaker(B, A);
    first.peer.start();
    world.clock.advance(100);
    t.equal(first.peer.state, 'Established');

    await listener.move(at(1179, 179));
    await listener.move(at(1179));
    t.same(listener.addresses, at(1179));
    t.equal(first.peer.state, 'Established');
    t.equal(await knock('10.0.0.3', 1179), 'received Cease / Connection Rejected', 'the limit counts on');
    t.match(await knock('10.0.0.4', 179), /connection refused/);

    const taken = new Listener({ transport, log: silentLogger, addresses: at(7) });
    await taken.open();
    await t.rejects(listener.move(at(179, 7)), /in use/);
    t.same(listener.addresses, at(1179));
    t.same(made, [B]);
  },
);

t.test(
  'where listen ranges overlap, the longest prefix makes the peer; one that refuses is refused',
  async (t) => {
    const world = new World();
    const transport = world.network.host(A);
    const listener = new Listener({ transport, log: silentLogger, addresses: [{ address: A, port: 179 }] });
    await listener.open();
    const asked: string[] = [];
    const range = (prefix: string) => ({
      prefix,
      limit: 9,
      create: (address: string) => {
        asked.push(`${prefix} ${address}`);
        return undefined;
      },
    });
    listener.setRanges([range('10.0.0.0/8'), range('10.0.0.0/30')]);
    const b = await world.speaker(B, A);
    b.peer.start();
    world.clock.advance(10);
    t.same(asked, [`10.0.0.0/30 ${B}`]);
    t.equal(b.peer.statistics.lastError, 'received Cease / Connection Rejected');
    t.throws(() => listener.setRanges([range('10.0.0.0/33')]), /expected a prefix/);
  },
);
