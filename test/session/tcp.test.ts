import { spawn } from 'node:child_process';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { CEASE, encodeKeepalive, encodeOpen, FAMILY } from 'bgp-protocol';
import t from 'tap';
import { systemClock } from '../../src/base/clock.ts';
import { systemCallsAvailable } from '../../src/base/libc.ts';
import { recordingLogger } from '../../src/base/log.ts';
import {
  type AcceptedConnection,
  Listener,
  type ListenRange,
  Peer,
  type PeerConfig,
  type PeerEvents,
  ReadTurns,
  readTcpCounters,
  type SessionEnd,
  tcpConnectionsEnded,
  tcpTransport,
} from '../../src/session/index.ts';
import { baseConfig } from './speakers.ts';

const EMPTY_UPDATE = Uint8Array.from([...new Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]);
const linuxOnly = systemCallsAvailable() ? false : 'needs Linux and its system calls';
const hasIpv6 = await new Promise<boolean>((resolve) => {
  const server = net.createServer().once('error', () => resolve(false));
  server.listen({ host: '::1', port: 0 }, () => server.close(() => resolve(true)));
});

/** A speaker on a loopback address, with promises for what happens to it. */
class Speaker {
  readonly log = recordingLogger();
  readonly listener: Listener;
  readonly address: string;
  readonly turns = new ReadTurns(systemClock);
  readonly peers: Peer[] = [];
  updates = 0;
  closed: SessionEnd[] = [];
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  onWritable: (() => void) | undefined;

  constructor(address: string) {
    this.address = address;
    this.listener = new Listener({
      transport: tcpTransport,
      log: this.log,
      addresses: [{ address, port: 0 }],
    });
  }

  get port(): number {
    return this.listener.addresses[0]!.port;
  }

  peer(remote: Speaker, config: Partial<PeerConfig> = {}): Peer {
    const addresses = { localAddress: this.address, port: remote.port };
    return this.make({
      ...baseConfig(this.address, remote.address),
      ...addresses,
      routerId: idOf(this),
      ...config,
    });
  }

  make(config: PeerConfig): Peer {
    const changed = () => this.#check();
    const events: PeerEvents = {
      established: changed,
      update: () => {
        this.updates++;
        changed();
        return undefined;
      },
      routeRefresh() {},
      writable: () => this.onWritable?.(),
      closed: (_peer, reason) => {
        this.closed.push(reason);
        changed();
      },
      stateChanged: changed,
    };
    const random = Math.random;
    const deps = { clock: systemClock, log: this.log, random, transport: tcpTransport, turns: this.turns };
    const peer = new Peer(config, { ...deps, readTcpCounters }, events);
    this.peers.push(peer);
    return peer;
  }

  /** Resolves as soon as `holds` does, tested at each event of its peers. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
      this.#check();
    });
  }

  close(): void {
    for (const peer of this.peers) peer.stop();
    this.listener.close();
  }

  #check(): void {
    for (const entry of [...this.#waiting]) {
      if (!entry.holds()) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.resolve();
    }
  }
}

const idOf = (speaker: Speaker): string => (speaker.address.includes(':') ? '10.6.6.6' : speaker.address);

async function speakers(
  t: { teardown(action: () => void): void },
  ...addresses: string[]
): Promise<Speaker[]> {
  const all = addresses.map((address) => new Speaker(address));
  for (const speaker of all) await speaker.listener.open();
  t.teardown(() => {
    for (const speaker of all) speaker.close();
  });
  return all;
}

/** What a plain TCP client hears until the other side closes. */
async function heardBy(port: number, host: string, localAddress: string, says?: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const socket = net.connect({ port, host, localAddress });
  if (says) socket.write(says);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const established = (peer: Peer) => () => peer.state === 'Established';

t.test('RFC 4271: a session over IPv4 from start to administrative shutdown', async (t) => {
  const [a, b] = (await speakers(t, '127.0.10.1', '127.0.10.2')) as [Speaker, Speaker];
  const toB = a.peer(b);
  const toA = b.peer(a);
  a.listener.add(toB);
  b.listener.add(toA);
  toB.start();
  toA.start();
  await Promise.all([a.until(established(toB)), b.until(established(toA))]);
  t.equal(toB.negotiated?.remote.address, '127.0.10.2');
  t.equal(toB.negotiated?.local.address, '127.0.10.1');
  toB.write(EMPTY_UPDATE);
  await b.until(() => b.updates === 1);
  toB.stop({ message: 'maintenance' });
  await b.until(() => b.closed.length === 1);
  t.equal(b.closed[0]?.text, 'received Cease / Administrative Shutdown: "maintenance"');
});

t.test(
  'RFC 4271: a session over IPv6, one side passive',
  { skip: hasIpv6 ? false : 'no IPv6 here' },
  async (t) => {
    const [a, b] = (await speakers(t, '::1', '::1')) as [Speaker, Speaker];
    const toB = a.peer(b, { passive: true });
    const toA = b.peer(a, { routerId: '10.6.6.7' });
    a.listener.add(toB);
    toB.start();
    toA.start();
    await Promise.all([a.until(established(toB)), b.until(established(toA))]);
    t.equal(toA.negotiated?.remote.address, '::1');
    t.equal(toA.negotiated?.kind, 'ibgp');
  },
);

t.test('a transfer of 40 MB arrives whole, with the queue of the sender bounded', async (t) => {
  const [a, b] = (await speakers(t, '127.0.11.1', '127.0.11.2')) as [Speaker, Speaker];
  const toB = a.peer(b);
  const toA = b.peer(a, { passive: true });
  b.listener.add(toA);
  toB.start();
  toA.start();
  await Promise.all([a.until(established(toB)), b.until(established(toA))]);
  const buffer = new Uint8Array(EMPTY_UPDATE.length * 2000);
  for (let i = 0; i < 2000; i++) buffer.set(EMPTY_UPDATE, i * EMPTY_UPDATE.length);
  const buffers = 870;
  let written = 0;
  let longest = 0;
  let refusals = 0;
  const write = () => {
    while (written < buffers) {
      written++;
      const goOn = toB.write(buffer);
      longest = Math.max(longest, toB.statistics.queuedOctets);
      if (goOn) continue;
      refusals++;
      return;
    }
  };
  a.onWritable = write;
  write();
  await b.until(() => b.updates === buffers * 2000);
  t.ok(longest <= 1024 * 1024 + buffer.length, `the queue held up to ${longest} octets`);
  t.ok(refusals > 0, 'the bound was met');
  t.equal(toA.statistics.received.updates, toB.statistics.sent.updates);
  t.equal(a.closed.length + b.closed.length, 0);
});

t.test('RFC 4486: a connection from an unknown address is refused with Cease 5 and logged', async (t) => {
  const [a] = (await speakers(t, '127.0.12.1')) as [Speaker];
  const heard = await heardBy(a.port, '127.0.12.1', '127.0.12.9');
  t.same([...heard.subarray(18)], [3, 6, 5]);
  t.match(
    a.log.records[0]?.message,
    'refused a connection: no neighbor and no listen range has this address',
  );
  t.equal(a.listener.refused, 1);
});

t.test(
  'RFC 4271 section 6.1: one neighbour sends garbage and is told so, the others do not notice',
  async (t) => {
    const [a, b] = (await speakers(t, '127.0.13.1', '127.0.13.2')) as [Speaker, Speaker];
    const toB = a.peer(b);
    const toA = b.peer(a);
    const noisy = a.make({ ...baseConfig('127.0.13.1', '127.0.13.3'), passive: true });
    a.listener.add(toB);
    a.listener.add(noisy);
    for (const peer of [toB, toA, noisy]) peer.start();
    await Promise.all([a.until(established(toB)), b.until(established(toA))]);
    const heard = await heardBy(
      a.port,
      '127.0.13.1',
      '127.0.13.3',
      Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'.repeat(9000)),
    );
    t.equal(heard[18], 1, 'an OPEN');
    t.same([...heard.subarray(-3)], [3, 1, 1]);
    t.equal(toB.state, 'Established');
    t.equal(noisy.statistics.lastError, 'Cannot decode message header: marker octet is 83, expected 255');
  },
);

t.test(
  'dynamic neighbours: a range makes peers up to its limit, and has room again when one is removed',
  async (t) => {
    const [a] = (await speakers(t, '127.0.14.1')) as [Speaker];
    const made: string[] = [];
    const range: ListenRange = {
      prefix: '127.0.14.128/25',
      limit: 2,
      create: (address) => {
        made.push(address);
        const peer = a.make({ ...baseConfig('127.0.14.1', address), passive: true, dynamic: true });
        peer.start();
        return peer;
      },
    };
    a.listener.setRanges([range]);
    const clients = [];
    for (const local of ['127.0.14.129', '127.0.14.130']) {
      const client = new Speaker(local);
      const peer = client.peer(a);
      t.teardown(() => peer.stop());
      clients.push({ client, peer });
      peer.start();
      await client.until(established(peer));
    }
    const over = await heardBy(a.port, '127.0.14.1', '127.0.14.131');
    t.same([...over.subarray(18)], [3, 6, 5]);
    t.match(a.log.records.at(-1)?.message, 'refused a connection: the listen range has reached its limit');
    const outside = await heardBy(a.port, '127.0.14.1', '127.0.14.5');
    t.same([...outside.subarray(18)], [3, 6, 5]);
    t.same(made, ['127.0.14.129', '127.0.14.130']);

    const first = a.peers[0]!;
    first.stop({ subcode: CEASE.PEER_DECONFIGURED });
    a.listener.remove(first);
    const third = new Speaker('127.0.14.131');
    const peer = third.peer(a);
    t.teardown(() => peer.stop());
    peer.start();
    await third.until(established(peer));
    t.equal(made.length, 3);
  },
);

t.test('a listener moves from every address to one of them, and back when it cannot', async (t) => {
  const listener = new Listener({
    transport: tcpTransport,
    log: recordingLogger(),
    addresses: [{ address: '0.0.0.0', port: 0 }],
  });
  await listener.open();
  t.teardown(() => listener.close());
  const { port } = listener.addresses[0]!;
  await t.rejects(listener.move([{ address: '192.0.2.1', port }]));
  t.same([...(await heardBy(port, '127.0.16.1', '127.0.16.2')).subarray(18)], [3, 6, 5]);
  await listener.move([{ address: '127.0.16.1', port }]);
  t.same([...(await heardBy(port, '127.0.16.1', '127.0.16.2')).subarray(18)], [3, 6, 5]);
  await t.rejects(heardBy(port, '127.0.16.3', '127.0.16.2'));
});

t.test(
  'a process that was busy for longer than the hold time keeps a session whose peer is alive',
  async (t) => {
    const [a] = (await speakers(t, '127.0.15.1')) as [Speaker];
    const peer = a.make({ ...baseConfig('127.0.15.1', '127.0.15.2'), passive: true, holdTimeSeconds: 3 });
    a.listener.add(peer);
    peer.start();
    const capabilities = [{ type: 'multiprotocol', family: FAMILY.L2VPN_EVPN }] as const;
    const open = encodeOpen({
      type: 'OPEN',
      version: 4,
      autonomousSystem: 65000,
      holdTimeSeconds: 3,
      routerId: '127.0.15.2',
      capabilities,
    });
    const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
    // Another process: it goes on while this one is busy.
    const script = `
    const s = require('node:net').connect({ port: ${a.port}, host: '127.0.15.1', localAddress: '127.0.15.2' });
    s.resume(); s.on('error', () => process.exit(0)); s.on('close', () => process.exit(0));
    s.write(Buffer.from('${hex(open)}', 'hex'));
    setInterval(() => s.write(Buffer.from('${hex(encodeKeepalive())}', 'hex')), 200);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    t.teardown(() => child.kill());
    await a.until(established(peer));
    const end = performance.now() + 3600;
    while (performance.now() < end);
    const received = peer.statistics.received.keepalives;
    await new Promise<void>((resolve) => {
      const look = () =>
        peer.statistics.received.keepalives > received + 15 ? resolve() : setImmediate(look);
      look();
    });
    t.equal(peer.state, 'Established');
    t.same(a.closed, []);
  },
);

t.test('keepalives go out on time while long work goes on in slices', async (t) => {
  const [a, b] = (await speakers(t, '127.0.16.1', '127.0.16.2')) as [Speaker, Speaker];
  const toB = a.peer(b, { holdTimeSeconds: 3 });
  const toA = b.peer(a, { holdTimeSeconds: 3, passive: true });
  b.listener.add(toA);
  toB.start();
  toA.start();
  await Promise.all([a.until(established(toB)), b.until(established(toA))]);
  const before = toB.statistics.sent.keepalives;
  const end = performance.now() + 4000;
  await new Promise<void>((resolve) => {
    const slice = () => {
      const until = performance.now() + 8;
      while (performance.now() < until);
      if (performance.now() < end) setImmediate(slice);
      else resolve();
    };
    slice();
  });
  const sent = toB.statistics.sent.keepalives - before;
  t.ok(sent >= 3, `${sent} keepalives in 4 s`);
  t.equal(a.closed.length + b.closed.length, 0);
});

t.test(
  'RFC 2385: with the same key the session comes up, set on a live listener too',
  { skip: linuxOnly },
  async (t) => {
    const [a, b] = (await speakers(t, '127.0.17.1', '127.0.17.2')) as [Speaker, Speaker];
    const toB = a.peer(b, { password: 'secret' });
    const toA = b.peer(a, { password: 'secret', passive: true });
    toB.start();
    toA.start();
    b.listener.add(toA);
    await Promise.all([a.until(established(toB)), b.until(established(toA))]);
    t.equal(toB.state, 'Established');
  },
);

t.test(
  'RFC 2385: with different keys the attempt times out, and the reason names the key',
  { skip: linuxOnly },
  async (t) => {
    const [a, b] = (await speakers(t, '127.0.18.1', '127.0.18.2')) as [Speaker, Speaker];
    const toB = a.peer(b, { password: 'secret', connectRetrySeconds: 2 });
    const toA = b.peer(a, { password: 'other', passive: true });
    b.listener.add(toA);
    toA.start();
    toB.start();
    await waitFor(() => toB.statistics.lastError !== undefined);
    t.equal(
      toB.statistics.lastError,
      'TCP: connection timed out, no answer within 2 s, TCP MD5 failures rising: wrong password?',
    );
  },
);

t.test(
  'RFC 5082: GTSM on both sides connects; a peer that does not send TTL 255 does not get through',
  { skip: linuxOnly },
  async (t) => {
    const [a, b] = (await speakers(t, '127.0.19.1', '127.0.19.2')) as [Speaker, Speaker];
    const external = { localAs: 65001, remoteAs: 65002 };
    const mirrored = { localAs: 65002, remoteAs: 65001 };
    const toB = a.peer(b, { ...external, ttlSecurityHops: 1 });
    const toA = b.peer(a, { ...mirrored, ttlSecurityHops: 1, passive: true });
    b.listener.add(toA);
    toA.start();
    toB.start();
    await Promise.all([a.until(established(toB)), b.until(established(toA))]);
    t.equal(toB.state, 'Established');
    toA.stop();
    toB.stop();
    const far = new Listener({
      transport: tcpTransport,
      log: b.log,
      addresses: [{ address: '127.0.19.3', port: 0 }],
      socketOptions: { ttl: 64 },
    });
    await far.open();
    t.teardown(() => far.close());
    const plain = a.make({
      ...baseConfig('127.0.19.1', '127.0.19.3'),
      ...external,
      port: far.addresses[0]!.port,
      ttlSecurityHops: 1,
      connectRetrySeconds: 2,
    });
    plain.start();
    await waitFor(() => plain.statistics.lastError !== undefined);
    t.match(plain.statistics.lastError, 'too low a TTL arrive: more hops than ttl-security allows?');
  },
);

t.test(
  'a connection refused and a device that is missing are told in words',
  { skip: linuxOnly },
  async (t) => {
    const [a] = (await speakers(t, '127.0.20.1')) as [Speaker];
    const refused = a.make({ ...baseConfig('127.0.20.1', '127.0.20.2'), port: 1 });
    refused.start();
    await waitFor(() => refused.statistics.lastError !== undefined);
    t.equal(refused.statistics.lastError, 'TCP: connection refused');
    const missing = a.make({ ...baseConfig('127.0.20.1', '127.0.20.3'), device: 'nosuchdevice' });
    missing.start();
    t.match(missing.statistics.lastError, /nosuchdevice.*ENODEV/);
  },
);

const linkLocal = Object.entries(networkInterfaces())
  .flatMap(([device, addresses]) => (addresses ?? []).map(({ address }) => ({ device, address })))
  .find(({ address }) => address.startsWith('fe80:'));

t.test(
  'RFC 4291 section 2.5.6: a session between link-local addresses of one interface',
  { skip: linuxOnly || (linkLocal ? false : 'no interface has a link-local address') },
  async (t) => {
    const { device, address } = linkLocal!;
    const log = recordingLogger();
    const listener = new Listener({
      transport: tcpTransport,
      log,
      addresses: [{ address, device, port: 0 }],
    });
    await listener.open();
    t.teardown(() => listener.close());
    const speaker = new Speaker(address);
    const config = { ...baseConfig('10.6.6.6', address), device, localAddress: address };
    const waits = speaker.make({ ...config, passive: true });
    const connects = speaker.make({ ...config, routerId: '10.6.6.7', port: listener.addresses[0]!.port });
    t.teardown(() => speaker.close());
    listener.add(waits);
    waits.start();
    connects.start();
    await speaker.until(() => waits.state === 'Established' && connects.state === 'Established');
    t.equal(waits.negotiated?.remote.zone, device);
    t.equal(waits.negotiated?.remote.address, address);
  },
);

t.test('tcpConnectionsEnded waits for the last words', async (t) => {
  const [a, b] = (await speakers(t, '127.0.22.1', '127.0.22.2')) as [Speaker, Speaker];
  const toB = a.peer(b);
  const toA = b.peer(a, { passive: true });
  b.listener.add(toA);
  toA.start();
  toB.start();
  await Promise.all([a.until(established(toB)), b.until(established(toA))]);
  toB.stop({ message: 'going away' });
  await tcpConnectionsEnded();
  t.match(b.closed[0]?.text, 'Administrative Shutdown: "going away"');
});

t.test('a NOTIFICATION reaches a peer that is still sending', async (t) => {
  let accept: (connection: AcceptedConnection) => void = () => {};
  const accepted = new Promise<AcceptedConnection>((resolve) => {
    accept = resolve;
  });
  const server = await tcpTransport.listen({ address: '127.0.21.1', port: 0 }, (connection) =>
    accept(connection),
  );
  t.teardown(() => server.close());
  const heard = heardBy(server.port, '127.0.21.1', '127.0.21.2', Buffer.alloc(3_000_000));
  const connection = await accepted;
  connection.write(Buffer.from('last words'));
  connection.end();
  t.equal((await heard).toString(), 'last words');
});

/** For what no event tells: looks again each time the event loop comes round. */
function waitFor(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => (holds() ? resolve() : setTimeout(look, 20));
    look();
  });
}
