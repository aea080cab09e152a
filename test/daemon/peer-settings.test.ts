/** What of a neighbour's configuration its session is told. */
import t from 'tap';
import { parseConfig } from '../../src/config/index.ts';
import { peerSettings } from '../../src/daemon/peer-settings.ts';

function settingsOf(neighbor: string) {
  const text = `router: { asn: 65000, router-id: 10.0.0.1 }\nneighbors: [ { remote-as: internal, ${neighbor} } ]`;
  const { config, problems } = parseConfig(text, 'test');
  if (!config) throw new Error(JSON.stringify(problems));
  return peerSettings(config.neighbors[0]!, {
    router: config.router,
    gracefulRestart: config.gracefulRestart,
    hostName: 'a',
    softwareVersion: 'b',
  });
}

t.test('RFC 4291 section 2.5.6: the interface of a link-local neighbour is its update source', async (t) => {
  t.match(settingsOf('address: fe80::2, update-source: eth7'), {
    address: 'fe80::2',
    device: 'eth7',
    localAddress: undefined,
  });
});

t.test('any other neighbour is connected to from the address that the interface has', async (t) => {
  const loopback = settingsOf('address: 10.0.0.2, update-source: lo');
  t.match(loopback, { device: undefined });
  t.ok(loopback.localAddress);
  t.match(settingsOf('address: 10.0.0.2, update-source: 10.0.0.1'), {
    device: undefined,
    localAddress: '10.0.0.1',
  });
});
