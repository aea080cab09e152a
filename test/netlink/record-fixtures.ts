/**
 * Records rfc-fixtures/netlink: what this machine's kernel says, octet for octet, beside what iproute2 reads from the same
 * tables. Run by hand as root when a fixture is to be added: node --import=tsx test/netlink/record-fixtures.ts
 */
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { ip } from '../../src/base/ip.ts';
import {
  closeDescriptor,
  openSocket,
  receiveBytes,
  SOCKET,
  sendBytes,
  setSocketOption,
} from '../../src/base/system-calls.ts';
import * as netlink from '../../src/netlink/index.ts';
import { LEAF, Namespace } from './namespace.ts';

const folder = new URL('../../rfc-fixtures/netlink/', import.meta.url);
const namespace = new Namespace('record');

/** One message a line, header and all. */
const hex = (messages: readonly Uint8Array[]): string =>
  messages.map((message) => `${Buffer.from(message).toString('hex')}\n`).join('');

function save(name: string, messages: readonly Uint8Array[], json?: string): void {
  writeFileSync(new URL(`${name}.hex`, folder), hex(messages));
  if (json) writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(JSON.parse(json), null, 1)}\n`);
}

try {
  namespace.run(
    ...LEAF,
    'ip link add br66 address 02:aa:00:00:00:20 type bridge ageing_time 12000',
    'ip link add vxlan66 address 02:aa:00:00:00:21 type vxlan id 66 local fd00::1 dstport 8472 remote fd00::99 nolearning',
    'ip link set vxlan66 master br66',
    'bridge link set dev vxlan66 learning off neigh_suppress on isolated on',
    'ip link add vxlan0 address 02:aa:00:00:00:30 type vxlan external vnifilter local 10.0.0.1 dstport 4790',
    'ip link add up0 address 02:aa:00:00:00:40 type veth peer name up0p',
    'ip link set up0 up',
    'ip link set up0p up',
    'ip address add 192.0.2.1/24 dev up0',
    'ip address add fd00::1/64 dev up0 nodad',
    'ip route add 10.0.0.3/32 via 192.0.2.3',
    'ip route add 10.0.0.4/32 nexthop via 192.0.2.3 nexthop via 192.0.2.4',
    'ip route add 10.0.0.5/32 dev up0 metric 20 proto bgp',
    'ip route add blackhole 10.0.0.6/32',
    'ip route add fd00:3::/64 via fd00::3',
    'bridge fdb add 02:00:00:00:00:01 dev vxlan10 dst 10.0.0.3 self extern_learn',
    'bridge fdb add 02:00:00:00:00:01 dev vxlan10 master extern_learn',
    'bridge fdb add 02:00:00:00:00:02 dev vxlan10 dst 10.0.0.4 port 8472 vni 77 self',
    'bridge fdb append 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.3 self',
    'bridge fdb append 00:00:00:00:00:00 dev vxlan10 dst 10.0.0.4 self',
    'bridge fdb add 02:00:00:00:00:06 dev vxlan66 dst fd00::6 self extern_learn',
    'bridge fdb add 02:00:00:00:00:09 dev vxlan0 dst 10.0.0.5 src_vni 1000 self extern_learn',
    'bridge fdb add 02:00:00:00:00:07 dev swp1 master static sticky',
    'bridge fdb add 02:00:00:00:00:08 dev swp1 master dynamic',
    'ip neighbour add 10.10.10.13 lladdr 02:00:00:00:00:01 dev br10 nud noarp extern_learn proto 235',
    'ip neighbour add 10.10.10.14 lladdr 02:00:00:00:00:08 dev br10 nud reachable',
    'ip neighbour add fd10::13 lladdr 02:00:00:00:00:01 dev br10 nud noarp extern_learn router proto 235',
  );
  const heard: Uint8Array[] = [];
  const copy: netlink.MessageVisitor = (_type, bytes, start, end) => heard.push(bytes.slice(start - 16, end));
  const socket = namespace.in(() => new netlink.NetlinkSocket());
  const dump = async (name: string, encode: netlink.Encode, command: string): Promise<void> => {
    heard.length = 0;
    await socket.dump(encode, copy, { action: `record ${name}` });
    save(name, heard, namespace.run(command));
  };
  await dump('links', netlink.encodeLinkDump, 'ip -j -d link show');
  await dump('bridge-ports', netlink.encodeBridgePortDump, 'bridge -j -d link show');
  await dump('forwarding', (w) => netlink.encodeForwardingDump(w), 'bridge -j fdb show');
  await dump(
    'neighbours',
    (w) => netlink.encodeNeighbourDump(w, netlink.AF_UNSPEC),
    'ip -j neighbour show nud all',
  );
  await dump(
    'routes',
    (w) => netlink.encodeRouteDump(w, netlink.AF_INET, 254),
    'ip -j -d route show table main',
  );
  await dump(
    'routes-ipv6',
    (w) => netlink.encodeRouteDump(w, netlink.AF_INET6, 254),
    'ip -6 -j -d route show table main',
  );
  await dump('addresses', (w) => netlink.encodeAddressDump(w), 'ip -j address show');
  heard.length = 0;
  for (const address of ['10.0.0.1', '10.0.0.3', '10.0.0.4', 'fd00:3::9']) {
    await socket.request(`look up ${address}`, (w) => netlink.encodeRouteLookup(w, ip(address)), copy);
  }
  save('route-lookups', heard);
  await socket.close();
  await recordNotifications();
  recordRefusals();
} finally {
  namespace.remove();
}

async function recordNotifications(): Promise<void> {
  const heard: Uint8Array[] = [];
  const finished = new Promise<void>((resolve) => {
    const monitor = namespace.in(
      () =>
        new netlink.NetlinkMonitor({
          groups: [
            netlink.RTNLGRP_LINK,
            netlink.RTNLGRP_NEIGH,
            netlink.RTNLGRP_IPV4_ROUTE,
            netlink.RTNLGRP_IPV4_IFADDR,
          ],
          onOverrun: () => undefined,
          onMessage: (type, bytes, start, end) => {
            heard.push(bytes.slice(start - 16, end));
            const link = type === netlink.RTM_DELLINK ? netlink.decodeLink(bytes, start, end) : undefined;
            if (link?.name !== 'vxlan10' || link.family !== netlink.AF_UNSPEC) return;
            monitor.close();
            resolve();
          },
        }),
    );
    void monitor.ready.then(() =>
      namespace.run(
        'bridge fdb add 02:00:00:00:00:21 dev swp1 master dynamic',
        'bridge fdb del 02:00:00:00:00:21 dev swp1 master',
        'ip neighbour add 10.10.10.21 lladdr 02:00:00:00:00:21 dev br10 nud reachable',
        'ip neighbour del 10.10.10.21 dev br10',
        'ip route del 10.0.0.3/32',
        'ip address del 192.0.2.1/24 dev up0',
        'ip link del vxlan10',
      ),
    );
  });
  await finished;
  save('notifications', heard);
}

/** Extended acknowledgements: capped, uncapped, and a plain acknowledgement. */
function recordRefusals(): void {
  const answers: Uint8Array[] = [];
  for (const capped of [1, 0]) {
    namespace.in(() => {
      const fd = openSocket(SOCKET.AF_NETLINK, SOCKET.SOCK_RAW, 0, 'record');
      setSocketOption(fd, netlink.SOL_NETLINK, netlink.NETLINK_EXT_ACK, 1, 'record');
      setSocketOption(fd, netlink.SOL_NETLINK, netlink.NETLINK_CAP_ACK, capped, 'record');
      const writer = new netlink.MessageWriter(4096);
      writer.reset(7);
      netlink.encodeFlood(writer, 9999, ip('10.0.0.3'), 0);
      netlink.encodeRemoteNeighbour(
        writer,
        namespace.index('br10'),
        ip('10.10.10.99'),
        0x020000000099,
        false,
      );
      writer.acknowledgeLast();
      sendBytes(fd, writer.bytes, writer.length, 'record');
      const buffer = new Uint8Array(65536);
      for (
        let length = receiveBytes(fd, buffer, 'record');
        length > 0;
        length = receiveBytes(fd, buffer, 'record')
      ) {
        answers.push(buffer.slice(0, length));
      }
      closeDescriptor(fd);
    });
  }
  save('refusals', answers);
}

process.stdout.write(`recorded on Linux ${release()}\n`);
