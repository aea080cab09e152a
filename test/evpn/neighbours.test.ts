/** Which MAC an address answers at: what a leaf announces, and what it tells its dataplane. */
import t from 'tap';
import { ip } from '../../src/base/ip.ts';
import { ENTRY_FLAG } from '../../src/dataplane/interfaces.ts';
import { attributesOf, communities, hostRoute, Leaf, M1, M2 } from './leaf.ts';

const imet = '[3] 10.0.0.5:1 10.0.0.5';
const host1 = '[2] 10.0.0.5:1 02:00:00:00:00:01';
const HOST_IP = ip('10.10.10.11');
const IP1 = '10 10.10.10.11';

function leafWithVni(): Leaf {
  const leaf = new Leaf({ routerId: '10.0.0.5' });
  leaf.vni(10);
  return leaf;
}

t.test(
  'RFC 7432 section 10: an address is announced while its MAC is local, whichever is learned first',
  async (t) => {
    const macFirst = leafWithVni();
    macFirst.evpn.localMac(10, M1, 0, 'swp1');
    macFirst.evpn.localNeighbour(10, HOST_IP, M1, 0);
    const addressFirst = leafWithVni();
    addressFirst.evpn.localNeighbour(10, HOST_IP, M1, 0);
    t.same(addressFirst.announced(), [imet], 'not without its MAC');
    t.equal(addressFirst.evpn.views.neighbour(10, HOST_IP)?.reason, 'its MAC is not local');
    addressFirst.evpn.localMac(10, M1, 0, 'swp1');
    for (const leaf of [macFirst, addressFirst]) {
      t.same(leaf.announced(), [host1, `${host1} 10.10.10.11`, imet]);
      leaf.evpn.localMacGone(10, M1);
      t.same(leaf.announced(), [imet]);
      leaf.evpn.localMac(10, M1, 0, 'swp1');
      t.same(leaf.announced(), [host1, `${host1} 10.10.10.11`, imet]);
      leaf.evpn.localNeighbourGone(10, HOST_IP);
      t.same(leaf.announced(), [host1, imet]);
    }
  },
);

t.test('a MAC with IPv4 and IPv6 addresses: a route for each', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.evpn.localNeighbour(10, ip('fd10:10::11'), M1, 0);
  leaf.evpn.localNeighbour(10, ip('::ffff:10.10.10.11'), M1, 0);
  t.same(
    leaf.announced(),
    [host1, `${host1} 10.10.10.11`, `${host1} ::ffff:10.10.10.11`, `${host1} fd10:10::11`, imet].sort(),
  );
  t.same(leaf.evpn.views.mac(10, M1)?.neighbours.length, 3);
});

t.test(
  'a MAC that moves away takes its addresses with it, though the other leaf has not said so of them yet',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
    leaf.announce(hostRoute(M1), attributesOf({ sequence: 1 }));
    t.same(leaf.announced(), [imet]);
  },
);

t.test('an address that answers at another MAC now: one route withdrawn, one announced', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localMac(10, M2, 0, 'swp2');
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.evpn.localNeighbour(10, HOST_IP, M2, 0);
  t.ok(leaf.announced().includes('[2] 10.0.0.5:1 02:00:00:00:00:02 10.10.10.11'));
  t.notOk(leaf.announced().includes(`${host1} 10.10.10.11`));
});

t.test(
  'RFC 7432 section 10: the address of a remote host is told to the dataplane, and taken back',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1, { ip: '10.10.10.11' }), attributesOf());
    leaf.announce(hostRoute(M1, { ip: 'fd10:10::11' }), attributesOf());
    t.same(
      [...leaf.forwarding.neighbours],
      [
        [IP1, '02:00:00:00:00:01'],
        ['10 fd10:10::11', '02:00:00:00:00:01'],
      ],
    );
    t.equal(leaf.forwarding.macs.size, 1, 'a MAC/IP route tells where the MAC is, too');
    leaf.withdraw(hostRoute(M1, { ip: '10.10.10.11' }));
    leaf.withdraw(hostRoute(M1, { ip: 'fd10:10::11' }));
    t.same([leaf.forwarding.neighbours.size, leaf.forwarding.macs.size], [0, 0]);
  },
);

t.test('RFC 9047 section 2: router and override flags travel both ways', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localNeighbour(10, ip('fd10:10::11'), M1, ENTRY_FLAG.ROUTER | ENTRY_FLAG.OVERRIDE);
  const ours = [...leaf.originated()].find(({ route }) => route.routeType === 2 && route.ip !== undefined)!;
  t.match(
    communities(ours.attributes).find(({ type }) => type === 'nd-flags'),
    { flags: 3 },
  );
  leaf.announce(
    hostRoute(M2, { ip: 'fd10:10::12' }),
    attributesOf({ more: [{ type: 'nd-flags', flags: 1 }] }),
  );
  t.equal(leaf.forwarding.neighbours.get('10 fd10:10::12'), `02:00:00:00:00:02 flags ${ENTRY_FLAG.ROUTER}`);
});

t.test('RFC 7432 section 15: the routes of a MAC and of its addresses carry the same sequence', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1), attributesOf({ sequence: 2 }));
  leaf.announce(hostRoute(M1, { ip: '10.10.10.11' }), attributesOf({ sequence: 2 }));
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.same(leaf.announced(), [`${host1} 10.10.10.11 seq 3`, `${host1} seq 3`, imet]);
  t.same(
    [leaf.forwarding.neighbours.size, leaf.forwarding.macs.size],
    [0, 0],
    'nothing remote is left of it',
  );
});

t.test(
  'a MAC that came to us leaves no remote neighbour behind, even before its addresses are learned here',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M1, { ip: '10.10.10.11' }), attributesOf());
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    t.equal(leaf.forwarding.neighbours.size, 0);
    leaf.evpn.localMacGone(10, M1);
    t.equal(leaf.forwarding.neighbours.get(IP1), '02:00:00:00:00:01', 'and it is back when the MAC is gone');
  },
);

t.test('of two MACs elsewhere that claim an address, the newer by sequence has it', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M1, { ip: '10.10.10.11' }), attributesOf());
  leaf.announce(
    hostRoute(M2, { ip: '10.10.10.11', leaf: '10.0.0.3' }),
    attributesOf({ leaf: '10.0.0.3', sequence: 1 }),
  );
  t.equal(leaf.forwarding.neighbours.get(IP1), '02:00:00:00:00:02');
  leaf.withdraw(hostRoute(M2, { ip: '10.10.10.11', leaf: '10.0.0.3' }));
  t.equal(leaf.forwarding.neighbours.get(IP1), '02:00:00:00:00:01');
});

t.test(
  'RFC 9721: an address that comes to a MAC here takes a sequence above that of the MAC that has it elsewhere',
  async (t) => {
    const leaf = leafWithVni();
    leaf.announce(hostRoute(M2, { ip: '10.10.10.11' }), attributesOf({ sequence: 4 }));
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
    t.same(leaf.announced(), [`${host1} 10.10.10.11 seq 5`, `${host1} seq 5`, imet]);
    t.equal(leaf.forwarding.neighbours.size, 0);
    t.equal(leaf.forwarding.macs.size, 1, 'the other MAC stays where it is');
  },
);

t.test('RFC 9721: the same when the address is learned before its MAC', async (t) => {
  const leaf = leafWithVni();
  leaf.announce(hostRoute(M2, { ip: '10.10.10.11' }), attributesOf({ sequence: 4 }));
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.same(leaf.announced(), [`${host1} 10.10.10.11 seq 5`, `${host1} seq 5`, imet]);
});

t.test(
  'RFC 9721: an address of ours that a newer MAC elsewhere has is given up, its MAC is not',
  async (t) => {
    const leaf = leafWithVni();
    leaf.evpn.localMac(10, M1, 0, 'swp1');
    leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
    leaf.announce(hostRoute(M2, { ip: '10.10.10.11' }), attributesOf({ sequence: 1 }));
    t.same(leaf.announced(), [host1, imet]);
    t.equal(leaf.forwarding.neighbours.get(IP1), '02:00:00:00:00:02');
  },
);

t.test('an equally old claim of another leaf does not take an address from us', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.announce(hostRoute(M2, { ip: '10.10.10.11' }), attributesOf());
  t.ok(leaf.announced().includes(`${host1} 10.10.10.11`));
  t.equal(leaf.forwarding.neighbours.size, 0);
});

t.test('views tell local from remote, and count', async (t) => {
  const leaf = leafWithVni();
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  leaf.evpn.localNeighbour(10, HOST_IP, M1, 0);
  leaf.announce(hostRoute(M2, { ip: '10.10.10.12' }), attributesOf({ sequence: 3 }));
  t.match(
    [...leaf.evpn.views.neighbours(10)],
    [
      { ip: '10.10.10.11', mac: '02:00:00:00:00:01', type: 'local', vtep: undefined, wanted: true },
      {
        ip: '10.10.10.12',
        mac: '02:00:00:00:00:02',
        type: 'remote',
        vtep: '10.0.0.2',
        remoteSequence: 3,
        wanted: true,
      },
    ],
  );
  t.match(
    [...leaf.evpn.views.macs()],
    [
      { mac: '02:00:00:00:00:01', type: 'local', port: 'swp1', neighbours: ['10.10.10.11'], wanted: true },
      {
        mac: '02:00:00:00:00:02',
        type: 'remote',
        vtep: '10.0.0.2',
        neighbours: ['10.10.10.12'],
        wanted: true,
      },
    ],
  );
  t.match(leaf.evpn.views.instance(10), {
    localMacs: 1,
    remoteMacs: 1,
    localNeighbours: 1,
    remoteNeighbours: 1,
  });
});
