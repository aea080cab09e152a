/** The first AS of what an external peer announces, between a neighbour and a puppet on a network in memory. */
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/base/clock.ts';
import { MemoryNetwork } from '../../src/session/index.ts';
import { Puppet } from './puppet.ts';
import { Speaker } from './speaker.ts';

const HERE = '192.0.2.10';
const THERE = '192.0.2.20';

async function pair(t: Test, more = '', asn = 65001): Promise<{ here: Speaker; peer: Puppet }> {
  const clock = new ManualClock();
  const network = new MemoryNetwork(clock);
  const yaml = `neighbors: [ { address: ${THERE}, remote-as: ${asn}, passive: true${more} } ]`;
  const here = new Speaker(HERE, yaml, network);
  await here.start();
  t.teardown(() => here.neighbours.close());
  return { here, peer: new Puppet(network, clock, [THERE, HERE], { asn }) };
}

t.test(
  'RFC 4271 section 6.3: a route of an external peer that does not begin with its AS is withdrawn',
  async (t) => {
    const { here, peer } = await pair(t);
    const neighbour = here.neighbour(THERE);
    peer.announce([1, 2, 3], [65001, 65002]);
    t.equal(here.receivedFrom(THERE), 3);
    peer.announce([1], [65002, 65001]);
    t.equal(here.receivedFrom(THERE), 2);
    peer.announce([2, 4], []);
    t.equal(here.receivedFrom(THERE), 1);
    t.equal(neighbour.malformed.treatedAsWithdraw, 2);
    t.ok(neighbour.isEstablished, 'RFC 7606 section 7.2: the session stays');
    peer.announce([1], [65001]);
    t.equal(here.receivedFrom(THERE), 2, 'and what is well is taken again');
  },
);

t.test(
  'enforce-first-as: false takes them, as a route server needs (RFC 7947 section 2.2.2.1)',
  async (t) => {
    const { here, peer } = await pair(t, ', enforce-first-as: false');
    peer.announce([1], [65002, 65001]);
    peer.announce([2], []);
    t.equal(here.receivedFrom(THERE), 2);
  },
);

t.test('a change of enforce-first-as resets the session, for it counts for every route', async (t) => {
  const { here } = await pair(t);
  const { config } = here;
  const [neighbor] = config.neighbors;
  t.equal(here.neighbours.change({ ...neighbor!, enforceFirstAs: false }), true);
});

t.test('an internal peer announces with any AS_PATH', async (t) => {
  const { here, peer } = await pair(t, '', 65000);
  peer.announce([1], []);
  peer.announce([2], [65009]);
  t.equal(here.receivedFrom(THERE), 2);
});
