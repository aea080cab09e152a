/** What the control API says of MACs, as against what the EVPN part knows of them. */
import t from 'tap';
import { AddressTable } from '../../src/base/address-table.ts';
import { ip } from '../../src/base/ip.ts';
import { macView, UnsettledEntries } from '../../src/daemon/views/evpn.ts';
import { createMemoryDataplane } from '../../src/dataplane/memory/index.ts';
import { attributesOf, hostRoute, Leaf, M1, M2 } from '../evpn/leaf.ts';

t.test('a MAC is local, remote, or neither: known from a neighbour entry only', async (t) => {
  const leaf = new Leaf();
  leaf.vni(10);
  const { clock, evpn } = leaf;
  const { dataplane } = createMemoryDataplane({ clock, addresses: new AddressTable() });
  const shown = (mac: number) => {
    const view = leaf.evpn.views.mac(10, mac)!;
    return macView(
      view,
      { clock, evpn, dataplane } as unknown as Parameters<typeof macView>[1],
      new UnsettledEntries({ dataplane }),
    );
  };
  leaf.evpn.localNeighbour(10, ip('10.1.1.1'), M1, 0);
  t.match(shown(M1), {
    type: 'unknown',
    port: undefined,
    vtep: undefined,
    state: 'held',
    reason: 'known from a neighbour entry only: no port has learned it',
    neighbors: ['10.1.1.1'],
  });
  leaf.evpn.localMac(10, M1, 0, 'swp1');
  t.match(shown(M1), { type: 'local', port: 'swp1', state: 'active' });
  leaf.evpn.localMacGone(10, M1);
  t.match(shown(M1), { type: 'unknown', state: 'held' }, 'its port went down, its neighbour entry stays');
  leaf.announce(hostRoute(M2), attributesOf());
  t.match(shown(M2), { type: 'remote', vtep: '10.0.0.2', state: 'installed' });
});
