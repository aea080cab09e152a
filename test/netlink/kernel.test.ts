import t from 'tap';
import { ip, printIp } from '../../src/base/ip.ts';
import { systemCallsAvailable } from '../../src/base/libc.ts';
import { parseMac, printMac, putMac } from '../../src/base/mac.ts';
import { bindSocket, closeDescriptor, openSocket, SOCKET, sendBytes } from '../../src/base/system-calls.ts';
import * as netlink from '../../src/netlink/index.ts';
import { LEAF, Namespace, skipWithoutNamespaces } from './namespace.ts';

const mac = (text: string): number => parseMac(text)!;
const HOST = mac('02:00:00:00:00:01');

/** A leaf and a socket in it, both gone when the test ends. */
function leaf(
  t: Tap,
  ...commands: readonly string[]
): { namespace: Namespace; socket: netlink.NetlinkSocket } {
  const namespace = new Namespace('nl');
  t.teardown(() => namespace.remove());
  namespace.run(...LEAF, ...commands);
  const socket = namespace.in(() => new netlink.NetlinkSocket());
  t.teardown(() => socket.close());
  return { namespace, socket };
}
type Tap = Pick<typeof t, 'teardown'>;

/** Writes one message after another; resolves to the codes of the refused ones. */
async function write(
  socket: netlink.NetlinkSocket,
  ...encoders: readonly ((writer: netlink.MessageWriter) => void)[]
): Promise<string[]> {
  const refused: string[] = [];
  await socket.write(
    encoders.length,
    (writer, index) => encoders[index]!(writer),
    (index, failure) => refused.push(`${index}.${failure.message} ${failure.code}`),
  );
  return refused;
}

/** Hears until `last` says that a notification is the one waited for. */
function hear(
  namespace: Namespace,
  groups: readonly number[],
  last: (type: number, bytes: Uint8Array, start: number, end: number) => boolean,
): { ready: Promise<void>; done: Promise<void>; monitor: netlink.NetlinkMonitor } {
  let monitor!: netlink.NetlinkMonitor;
  const done = new Promise<void>((resolve, reject) => {
    monitor = namespace.in(
      () =>
        new netlink.NetlinkMonitor({
          groups,
          onOverrun: () => reject(new Error('overrun')),
          onMessage: (type, bytes, start, end) => {
            if (!last(type, bytes, start, end)) return;
            monitor.close();
            resolve();
          },
        }),
    );
  });
  return { ready: monitor.ready, done, monitor };
}

/**
 * Lines of `bridge fdb` for hosts and flooding: those of 02:00:00:00:00:* and of all zeroes. A kernel with VLAN support also shows
 * each entry of the bridge in the port's default VLAN, though VLANs are off; those lines are left out.
 */
const fdb = (namespace: Namespace): string[] =>
  namespace
    .run('bridge fdb show')
    .split('\n')
    .filter((line) => /^0[02]:00:00:00:00/.test(line) && !line.includes(' vlan 1 '))
    .map((line) => line.trim())
    .sort();

const neighbourLines = (namespace: Namespace): string[] =>
  namespace
    .run('ip neighbour show nud noarp')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('02:00:00'))
    .sort();

t.test(
  'without a network namespace',
  { skip: systemCallsAvailable() ? false : 'no libc here' },
  async (t) => {
    t.test('interfaces can be dumped by any user', async (t) => {
      const socket = new netlink.NetlinkSocket();
      t.teardown(() => socket.close());
      const names: string[] = [];
      await socket.dump(
        netlink.encodeLinkDump,
        (_type, bytes, start, end) => names.push(netlink.decodeLink(bytes, start, end)!.name),
        { action: 'dump the interfaces' },
      );
      t.ok(names.includes('lo'));
    });

    t.test(
      'a missing interface is a refusal that names the action, and the next request works',
      async (t) => {
        const socket = new netlink.NetlinkSocket();
        t.teardown(() => socket.close());
        const ask = (index: number): Promise<void> =>
          socket.request(
            'look at interface',
            (w) => netlink.encodeLinkRequest(w, index),
            () => undefined,
          );
        await t.rejects(ask(0x7ffffff0), {
          code: 'ENODEV',
          message: /^Cannot look at interface: the kernel answered ENODEV/,
        });
        await ask(1);
      },
    );

    t.test('a visitor that throws rejects its own dump only', async (t) => {
      const socket = new netlink.NetlinkSocket();
      t.teardown(() => socket.close());
      const action = 'dump the interfaces';
      const faulty = (): void => {
        throw new Error('visitor');
      };
      await t.rejects(socket.dump(netlink.encodeLinkDump, faulty, { action }), /visitor/);
      let count = 0;
      await socket.dump(netlink.encodeLinkDump, () => count++, { action });
      t.ok(count > 0);
    });

    t.test('requests on one socket take turns; a closed one refuses', async (t) => {
      const socket = new netlink.NetlinkSocket();
      const counts = [0, 0, 0];
      await Promise.all(
        counts.map((_, i) =>
          socket.dump(netlink.encodeLinkDump, () => counts[i]!++, { action: 'dump the interfaces' }),
        ),
      );
      t.ok(counts[0]! > 0);
      t.same(counts, [counts[0], counts[0], counts[0]]);
      await socket.close();
      await t.rejects(
        socket.dump(netlink.encodeLinkDump, () => undefined, { action: 'dump' }),
        { code: 'ERR_NETLINK_CLOSED' },
      );
    });
  },
);

t.test('in a network namespace', { skip: skipWithoutNamespaces }, async (t) => {
  t.test('RFC 7432 section 8, RFC 8365: remote MACs in the VXLAN device and in the bridge', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.3'), 0),
        (w) => netlink.encodeBridgeMac(w, vxlan, HOST, 0, false),
      ),
      [],
    );
    t.same(fdb(namespace), [
      '02:00:00:00:00:01 dev vxlan10 dst 10.0.0.3 self extern_learn',
      '02:00:00:00:00:01 dev vxlan10 extern_learn master br10',
    ]);
    t.same(await write(socket, (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.4'), 0)), []);
    t.match(fdb(namespace)[0], 'dst 10.0.0.4 self', 'a move replaces the VTEP');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, ip('10.0.0.3'), 0),
        (w) => netlink.encodeBridgeMacRemoval(w, vxlan, HOST, 0),
      ),
      [],
    );
    t.same(
      fdb(namespace),
      ['02:00:00:00:00:01 dev vxlan10 dst 10.0.0.4 self extern_learn'],
      'not at that VTEP',
    );
    t.same(
      await write(
        socket,
        (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, undefined, 0),
        (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, undefined, 0),
        (w) => netlink.encodeBridgeMacRemoval(w, vxlan, HOST, 0),
      ),
      ['1.0 ENOENT', '2.0 ENOENT'],
    );
    t.same(fdb(namespace), []);
  });

  t.test('RFC 7432 section 15: a remote MAC roams to a local port, a sticky one does not', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const sticky = mac('02:00:00:00:00:02');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeBridgeMac(w, vxlan, HOST, 0, false),
        (w) => netlink.encodeBridgeMac(w, vxlan, sticky, 0, true),
      ),
      [],
    );
    const stickyLine = '02:00:00:00:00:02 dev vxlan10 extern_learn sticky master br10 static';
    t.same(fdb(namespace), ['02:00:00:00:00:01 dev vxlan10 extern_learn master br10', stickyLine]);

    const record = new netlink.NeighbourRecord();
    const swp1 = namespace.index('swp1');
    const heard = hear(namespace, [netlink.RTNLGRP_NEIGH], (type, bytes, start, end) => {
      if (type !== netlink.RTM_NEWNEIGH || !netlink.decodeNeighbour(bytes, start, end, record)) return false;
      return record.mac === HOST && record.interfaceIndex === swp1;
    });
    await heard.ready;
    sendFrame(namespace, sticky);
    sendFrame(namespace, HOST);
    await heard.done;
    t.notOk(record.flags & netlink.NTF_EXT_LEARNED, 'no longer ours once it has roamed');
    t.ok(fdb(namespace).includes(stickyLine), 'the sticky one stays');
    await write(socket, (w) => netlink.encodeBridgeMacRemoval(w, vxlan, HOST, 0));
    t.ok(
      fdb(namespace).includes('02:00:00:00:00:01 dev swp1 master br10'),
      'removing what was remote does not touch the local entry',
    );
    t.same(
      await write(socket, (w) => {
        netlink.encodeBridgeMacRemoval(w, vxlan, sticky, 0);
        netlink.encodeBridgeMac(w, vxlan, sticky, 0, false);
      }),
      [],
    );
    t.ok(
      fdb(namespace).includes('02:00:00:00:00:02 dev vxlan10 extern_learn master br10'),
      'no longer sticky after removing and writing in one entry',
    );
  });

  t.test('RFC 8365 section 9: the flood list of ingress replication', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const add = (vtep: string) => (w: netlink.MessageWriter) => netlink.encodeFlood(w, vxlan, ip(vtep), 0);
    t.same(
      await write(socket, add('10.0.0.3'), add('10.0.0.4'), add('10.0.0.3')),
      [],
      'adding twice is no fault',
    );
    t.same(fdb(namespace), [
      '00:00:00:00:00:00 dev vxlan10 dst 10.0.0.3 self permanent',
      '00:00:00:00:00:00 dev vxlan10 dst 10.0.0.4 self permanent',
    ]);
    await write(socket, (w) => netlink.encodeFloodRemoval(w, vxlan, ip('10.0.0.3'), 0));
    t.same(fdb(namespace), ['00:00:00:00:00:00 dev vxlan10 dst 10.0.0.4 self permanent']);
    await write(socket, (w) => netlink.encodeFloodRemoval(w, vxlan, ip('10.0.0.4'), 0));
    t.same(fdb(namespace), []);
  });

  t.test('an IPv6 underlay', async (t) => {
    const { namespace, socket } = leaf(
      t,
      'ip link add vxlan66 type vxlan id 66 local fd00::1 dstport 8472',
      'ip link set vxlan66 master br10',
    );
    const vxlan = namespace.index('vxlan66');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('fd00::3'), 0),
        (w) => netlink.encodeFlood(w, vxlan, ip('fd00::3'), 0),
        (w) => netlink.encodeFlood(w, namespace.index('vxlan10'), ip('fd00::3'), 0),
      ),
      ['2.0 EAFNOSUPPORT'],
    );
    t.same(fdb(namespace), [
      '00:00:00:00:00:00 dev vxlan66 dst fd00::3 self permanent',
      '02:00:00:00:00:01 dev vxlan66 dst fd00::3 self extern_learn',
    ]);
    await write(
      socket,
      (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, ip('fd00::3'), 0),
      (w) => netlink.encodeFloodRemoval(w, vxlan, ip('fd00::3'), 0),
    );
    t.same(fdb(namespace), []);
  });

  t.test('one VXLAN device for many VNIs', async (t) => {
    const { namespace, socket } = leaf(
      t,
      'ip link add vxlan0 type vxlan external vnifilter local 10.0.0.1 dstport 8472',
      'bridge vni add dev vxlan0 vni 1000-1001',
    );
    const vxlan = namespace.index('vxlan0');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.3'), 1000),
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.4'), 1001),
        (w) => netlink.encodeFlood(w, vxlan, ip('10.0.0.3'), 1000),
      ),
      [],
    );
    t.same(fdb(namespace), [
      '00:00:00:00:00:00 dev vxlan0 dst 10.0.0.3 src_vni 1000 self permanent',
      '02:00:00:00:00:01 dev vxlan0 dst 10.0.0.3 src_vni 1000 self extern_learn',
      '02:00:00:00:00:01 dev vxlan0 dst 10.0.0.4 src_vni 1001 self extern_learn',
    ]);
    await write(
      socket,
      (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, ip('10.0.0.3'), 1000),
      (w) => netlink.encodeFloodRemoval(w, vxlan, ip('10.0.0.3'), 1000),
    );
    t.same(fdb(namespace), ['02:00:00:00:00:01 dev vxlan0 dst 10.0.0.4 src_vni 1001 self extern_learn']);
  });

  t.test('a VLAN-aware bridge', async (t) => {
    const { namespace, socket } = leaf(t);
    try {
      namespace.run('ip link set br10 type bridge vlan_filtering 1', 'bridge vlan add dev vxlan10 vid 100');
    } catch {
      return void t.pass('skipped: this kernel has no VLAN filtering in bridges');
    }
    const vxlan = namespace.index('vxlan10');
    t.same(await write(socket, (w) => netlink.encodeBridgeMac(w, vxlan, HOST, 100, false)), []);
    t.same(fdb(namespace), ['02:00:00:00:00:01 dev vxlan10 vlan 100 extern_learn master br10']);
    const vlans: number[] = [];
    await socket.dump(
      netlink.encodeBridgePortDump,
      (_type, bytes, start, end) => {
        const link = netlink.decodeLink(bytes, start, end)!;
        if (link.name === 'vxlan10') vlans.push(...link.vlans.map((entry) => entry.vlan));
      },
      { action: 'dump the bridge ports' },
    );
    t.same(vlans, [1, 100]);
    t.same(await write(socket, (w) => netlink.encodeBridgeMacRemoval(w, vxlan, HOST, 100)), []);
    t.same(fdb(namespace), []);
  });

  t.test('RFC 7432 section 10: remote neighbours, for both families', async (t) => {
    const { namespace, socket } = leaf(
      t,
      'ip neighbour add 10.10.10.14 lladdr 02:00:00:00:00:99 dev br10 nud reachable',
    );
    const bridge = namespace.index('br10');
    t.same(
      await write(
        socket,
        (w) => netlink.encodeRemoteNeighbour(w, bridge, ip('10.10.10.13'), HOST, false),
        (w) => netlink.encodeRemoteNeighbour(w, bridge, ip('10.10.10.14'), HOST, false),
        (w) => netlink.encodeRemoteNeighbour(w, bridge, ip('fd10::13'), HOST, true),
      ),
      [],
    );
    t.same(neighbourLines(namespace), [
      '10.10.10.13 dev br10 lladdr 02:00:00:00:00:01 extern_learn NOARP proto 235',
      '10.10.10.14 dev br10 lladdr 02:00:00:00:00:01 extern_learn NOARP proto 235',
      'fd10::13 dev br10 lladdr 02:00:00:00:00:01 router extern_learn NOARP proto 235',
    ]);
    const found: string[] = [];
    const record = new netlink.NeighbourRecord();
    for (const family of [netlink.AF_INET, netlink.AF_INET6]) {
      await socket.dump(
        (w) => netlink.encodeNeighbourDump(w, family, bridge),
        (_type, bytes, start, end) => {
          netlink.decodeNeighbour(bytes, start, end, record);
          if (record.protocol === netlink.RTPROT_EVPND) found.push(printIp(record.destinationBytes()!));
        },
        { action: 'dump the neighbours' },
      );
    }
    t.same(found.sort(), ['10.10.10.13', '10.10.10.14', 'fd10::13']);
    t.same(
      await write(
        socket,
        (w) => netlink.encodeNeighbourRemoval(w, bridge, ip('10.10.10.13')),
        (w) => netlink.encodeNeighbourRemoval(w, bridge, ip('10.10.10.14')),
        (w) => netlink.encodeNeighbourRemoval(w, bridge, ip('fd10::13')),
        (w) => netlink.encodeNeighbourRemoval(w, bridge, ip('10.10.10.99')),
      ),
      ['3.0 ENOENT'],
    );
    t.same(neighbourLines(namespace), []);
  });

  t.test('a dump can be of one bridge or one device', async (t) => {
    const { namespace, socket } = leaf(
      t,
      'ip link add br20 type bridge',
      'ip link add vxlan20 type vxlan id 20 local 10.0.0.1 dstport 8472',
      'ip link set vxlan20 master br20',
    );
    const vxlan10 = namespace.index('vxlan10');
    const vxlan20 = namespace.index('vxlan20');
    await write(
      socket,
      (w) => netlink.encodeTunnelMac(w, vxlan10, HOST, ip('10.0.0.3'), 0),
      (w) => netlink.encodeBridgeMac(w, vxlan10, HOST, 0, false),
      (w) => netlink.encodeTunnelMac(w, vxlan20, HOST, ip('10.0.0.3'), 0),
    );
    const seen = async (filter: { bridge?: number; device?: number }): Promise<string[]> => {
      const lines = new Set<string>();
      const record = new netlink.NeighbourRecord();
      await socket.dump(
        (w) => netlink.encodeForwardingDump(w, filter),
        (_type, bytes, start, end) => {
          netlink.decodeNeighbour(bytes, start, end, record);
          if (record.mac === HOST) lines.add(`${record.interfaceIndex} ${record.master ? 'master' : 'self'}`);
        },
        { action: 'dump forwarding entries' },
      );
      return [...lines].sort();
    };
    const ofTen = [`${vxlan10} master`, `${vxlan10} self`];
    t.same(await seen({ bridge: namespace.index('br10') }), ofTen);
    t.same(await seen({ device: vxlan10 }), ofTen);
    t.same(await seen({ device: vxlan20 }), [`${vxlan20} self`]);
    t.same(await seen({}), [...ofTen, `${vxlan20} self`].sort());
  });

  t.test('bridge port flags and the learning of the VXLAN device are set and told', async (t) => {
    const { namespace, socket } = leaf(t);
    const index = namespace.index('vxlan10');
    const change = { learning: false, neighbourSuppression: true };
    await socket.request('set the port flags', (w) => netlink.encodeBridgePortChange(w, index, change));
    await socket.request('turn learning off', (w) => netlink.encodeVxlanLearningChange(w, index, false));
    let link: netlink.Link | undefined;
    await socket.request(
      'look at vxlan10',
      (w) => netlink.encodeLinkRequest(w, index),
      (_type, bytes, start, end) => {
        link = netlink.decodeLink(bytes, start, end);
      },
    );
    t.match(link, {
      name: 'vxlan10',
      bridgePort: { learning: false, neighbourSuppression: true },
      vxlan: { learning: false, vni: 10 },
    });
    const lone = namespace.index('host1');
    await t.rejects(
      socket.request('set the port flags', (w) => netlink.encodeBridgePortChange(w, lone, change)),
      netlink.NetlinkError,
    );
  });

  t.test('how a VTEP is reached: looked up, gone with its route, back with it', async (t) => {
    const { namespace, socket } = leaf(
      t,
      'ip link add up0 type veth peer name up0p',
      'ip link set up0p up',
      'ip link set up0 up',
      'ip address add 192.0.2.1/24 dev up0',
    );
    const lookUp = async (address: string): Promise<string> => {
      let answer = '';
      try {
        await socket.request(
          `look up ${address}`,
          (w) => netlink.encodeRouteLookup(w, ip(address)),
          (_type, bytes, start, end) => {
            const route = netlink.decodeRoute(bytes, start, end)!;
            const gateway = route.nextHops[0]?.gateway;
            answer = `${route.kind} ${gateway ? printIp(gateway) : 'direct'}`;
          },
        );
      } catch (error) {
        answer = (error as netlink.NetlinkError).code;
      }
      return answer;
    };
    t.equal(await lookUp('10.0.0.3'), 'ENETUNREACH');
    const heard = hear(namespace, [netlink.RTNLGRP_IPV4_ROUTE], (type, bytes, start, end) => {
      const route = netlink.decodeRoute(bytes, start, end);
      return (
        type === netlink.RTM_NEWROUTE &&
        route !== undefined &&
        printIp(route.destination.address) === '10.0.0.3'
      );
    });
    await heard.ready;
    namespace.run('ip route add 10.0.0.3/32 via 192.0.2.3');
    await heard.done;
    t.equal(await lookUp('10.0.0.3'), 'unicast 192.0.2.3');
    t.equal(await lookUp('10.0.0.1'), 'local direct');
    namespace.run(
      'ip route add prohibit 10.0.0.4/32',
      'ip route add blackhole 10.0.0.5/32',
      'ip route add unreachable 10.0.0.6/32',
    );
    t.same(
      [await lookUp('10.0.0.4'), await lookUp('10.0.0.5'), await lookUp('10.0.0.6')],
      ['EACCES', 'EINVAL', 'EHOSTUNREACH'],
    );
  });

  t.test('each refused entry of a batch is told with its index; the others are written', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const refused: number[] = [];
    // Several datagrams on their way at once, and several times that many.
    const result = await socket.write(
      10_000,
      (w, i) =>
        i % 10 === 3
          ? netlink.encodeTunnelMacRemoval(w, vxlan, HOST + 50_000, undefined, 0)
          : netlink.encodeTunnelMac(w, vxlan, HOST + i, ip('10.0.0.3'), 0),
      (index, failure) => {
        if (failure.code === 'ENOENT' && failure.errno === 2) refused.push(index);
      },
    );
    t.match(result, { messages: 10_000, failed: 1000, unknown: 0 });
    t.same(
      refused,
      Array.from({ length: 1000 }, (_, i) => i * 10 + 3),
    );
    const missing = await write(socket, (w) => netlink.encodeFlood(w, 0x7ffffff0, ip('10.0.0.3'), 0));
    t.same(missing, ['0.0 ENODEV']);
    t.match(
      await socket.write(
        3,
        () => undefined,
        () => t.fail('nothing was written'),
      ),
      { messages: 0, failed: 0, unknown: 0 },
      'an entry may write nothing',
    );
  });

  t.test('answers that got lost leave entries in doubt, and the socket goes on', async (t) => {
    const { namespace } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    // The least that the kernel allows holds a handful of answers.
    const socket = namespace.in(() => new netlink.NetlinkSocket({ receiveBufferOctets: 1 }));
    t.teardown(() => socket.close());
    for (const count of [256, 6000]) {
      const codes = new Map<string, number>();
      const result = await socket.write(
        count,
        (w, i) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST + i, undefined, 0),
        (_index, failure) => codes.set(failure.code, (codes.get(failure.code) ?? 0) + 1),
      );
      t.equal(result.failed + result.unknown, count, 'each is told once');
      t.ok(result.unknown > 0);
      t.equal(codes.get(netlink.UNKNOWN_RESULT), result.unknown);
      t.equal(codes.get('ENOENT'), result.failed);
    }
    t.same(await write(socket, (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.3'), 0)), []);
  });

  t.test('the event loop turns while the kernel works off a long write', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const total = 256 * 40;
    const writing = socket.write(
      total,
      (w, i) => netlink.encodeTunnelMac(w, vxlan, HOST + i, ip('10.0.0.3'), 0),
      () => t.fail('refused'),
    );
    let entries = 0;
    const dumping = socket.dump(
      (w) => netlink.encodeForwardingDump(w, { device: vxlan }),
      () => entries++,
      { action: 'dump', onRestart: () => (entries = 0) },
    );
    await writing;
    t.ok(turns >= 5, `${turns} turns`);
    await dumping;
    running = false;
    t.ok(entries >= total, 'what is asked for meanwhile has its turn afterwards');
  });

  t.test('an encoder that throws rejects the write; what was under way is finished first', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const encode = (w: netlink.MessageWriter, i: number): void => {
      if (i === 5000) throw new Error('no such entry');
      netlink.encodeTunnelMac(w, vxlan, HOST + i, ip('10.0.0.3'), 0);
    };
    await t.rejects(
      socket.write(6000, encode, () => t.fail('refused')),
      { message: 'no such entry' },
    );
    const again = await socket.write(100, encode, () => t.fail('refused'));
    t.match(again, { messages: 100, failed: 0, unknown: 0 });
  });

  t.test('notifications arrive on the event loop, in order, until the monitor is closed', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const record = new netlink.NeighbourRecord();
    const told: string[] = [];
    const heard = hear(namespace, [netlink.RTNLGRP_NEIGH], (type, bytes, start, end) => {
      netlink.decodeNeighbour(bytes, start, end, record);
      // The bridge may be hearing the hosts' own addresses just now.
      if (record.interfaceIndex !== vxlan) return false;
      const text = `${type === netlink.RTM_NEWNEIGH ? '+' : '-'}${printMac(record.mac)}`;
      // Linux 6.1 tells a new VXLAN entry twice.
      if (told.at(-1) !== text) told.push(text);
      return told.length === 4;
    });
    await heard.ready;
    const vtep = ip('10.0.0.3');
    await write(
      socket,
      (w) => netlink.encodeTunnelMac(w, vxlan, HOST, vtep, 0),
      (w) => netlink.encodeTunnelMac(w, vxlan, HOST + 1, vtep, 0),
      (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST, vtep, 0),
      (w) => netlink.encodeTunnelMacRemoval(w, vxlan, HOST + 1, vtep, 0),
      (w) => netlink.encodeTunnelMac(w, vxlan, HOST + 2, vtep, 0),
    );
    await heard.done;
    t.same(told, ['+02:00:00:00:00:01', '+02:00:00:00:00:02', '-02:00:00:00:00:01', '-02:00:00:00:00:02']);
  });

  t.test(
    'an overrun is told once the kernel listens again: what changes from then on is heard',
    async (t) => {
      const { namespace, socket } = leaf(t);
      const vxlan = namespace.index('vxlan10');
      const vtep = ip('10.0.0.3');
      let overruns = 0;
      let drained = 0;
      let after!: () => void;
      let overrun!: () => void;
      const overran = new Promise<void>((resolve) => (overrun = resolve));
      const heardAfter = new Promise<void>((resolve) => (after = resolve));
      const record = new netlink.NeighbourRecord();
      const monitor = namespace.in(
        () =>
          new netlink.NetlinkMonitor({
            groups: [netlink.RTNLGRP_NEIGH],
            receiveBufferOctets: 8192,
            onOverrun: () => {
              overruns++;
              overrun();
            },
            onDrained: () => drained++,
            onMessage: (_type, bytes, start, end) => {
              netlink.decodeNeighbour(bytes, start, end, record);
              if (record.mac === HOST + 9999) after();
            },
          }),
      );
      t.teardown(() => monitor.close());
      await monitor.ready;
      await socket.write(
        256,
        (w, i) => netlink.encodeTunnelMac(w, vxlan, HOST + i, vtep, 0),
        () => t.fail('refused'),
      );
      await overran;
      t.ok(overruns > 0);
      // The kernel drops everything until the socket has been emptied, so onOverrun must not come earlier.
      await write(socket, (w) => netlink.encodeTunnelMac(w, vxlan, HOST + 9999, vtep, 0));
      await heardAfter;
      t.ok(drained > 0);
    },
  );

  t.test('closing a monitor within its own callback is safe, and no descriptor leaks', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const nextDescriptor = (): number => {
      const fd = openSocket(SOCKET.AF_INET, SOCKET.SOCK_DGRAM, 0, 'look at the next descriptor');
      closeDescriptor(fd);
      return fd;
    };
    let before = -1;
    for (let round = 0; round < 20; round++) {
      const heard = hear(namespace, [netlink.RTNLGRP_NEIGH], () => true);
      await heard.ready;
      await write(
        socket,
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST + round, ip('10.0.0.3'), 0),
        (w) => netlink.encodeTunnelMac(w, vxlan, HOST + 100 + round, ip('10.0.0.3'), 0),
      );
      await heard.done;
      await new Promise(setImmediate);
      if (round === 0) before = nextDescriptor();
    }
    t.equal(nextDescriptor(), before);
  });

  t.test('a device that goes takes its entries along; writing to it is refused with ENODEV', async (t) => {
    const { namespace, socket } = leaf(t);
    const vxlan = namespace.index('vxlan10');
    const heard = hear(namespace, [netlink.RTNLGRP_LINK], (type, bytes, start, end) => {
      const link = netlink.decodeLink(bytes, start, end)!;
      return type === netlink.RTM_DELLINK && link.index === vxlan && link.family === netlink.AF_UNSPEC;
    });
    await heard.ready;
    namespace.run('ip link del vxlan10');
    await heard.done;
    t.same(await write(socket, (w) => netlink.encodeTunnelMac(w, vxlan, HOST, ip('10.0.0.3'), 0)), [
      '0.0 ENODEV',
    ]);
  });
});

/** One broadcast frame into host1 from `source`, so that the bridge learns it on swp1. */
function sendFrame(namespace: Namespace, source: number): void {
  const AF_PACKET = 17;
  namespace.in(() => {
    const fd = openSocket(AF_PACKET, SOCKET.SOCK_RAW, 0, 'open a packet socket');
    try {
      // sockaddr_ll: family and ifindex in host order; the rest may stay zero for sending.
      const address = new Uint8Array(20);
      new Uint16Array(address.buffer)[0] = AF_PACKET;
      new Int32Array(address.buffer)[1] = namespace.index('host1');
      bindSocket(fd, address, 'bind a packet socket');
      const frame = new Uint8Array(60);
      frame.fill(0xff, 0, 6);
      putMac(source, frame, 6);
      frame[12] = 0x88;
      frame[13] = 0xb5; // local experimental EtherType, IEEE 802
      sendBytes(fd, frame, frame.length, 'send a frame');
    } finally {
      closeDescriptor(fd);
    }
  });
}
