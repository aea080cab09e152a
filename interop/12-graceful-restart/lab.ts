/**
 * A fabric of evpnd whose daemons are killed and started again, one after the other and together, while hosts ping: nothing is
 * lost, and no leaf takes out a tunnel entry.
 *
 *   h1 - leaf1 (evpnd) - spine1 (evpnd, reflector) - leaf2 (evpnd) - h2
 */
import { expectSessions } from '../lab/checks.ts';
import type { Evpnd } from '../lab/evpnd.ts';
import { eventually, expect } from '../lab/expect.ts';
import { expectFloodList, expectPing, fdb } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';
import { expectUnfelt } from '../lab/traffic.ts';
import { buildTwoLeaves, H1, H2, VNI } from '../lab/two-leaves.ts';

const LEAVES = ['leaf1', 'leaf2'] as const;
const FLOWS = [
  { from: 'h1', to: H2.ip },
  { from: 'h2', to: H1.ip6 },
];

interface Neighbor {
  readonly familyViews: readonly { readonly endOfRibSent: boolean; readonly endOfRibReceived: boolean }[];
}

/** Both sides of every session of `evpnd` have sent End-of-RIB. */
async function expectComplete(evpnd: Evpnd, peers: readonly string[]): Promise<void> {
  await expectSessions(evpnd, peers);
  await eventually(`${evpnd.node} has told everything and heard everything`, async () => {
    const views = await Promise.all(
      peers.map((peer) => evpnd.json<Neighbor[] | Neighbor>(`show bgp neighbors ${peer}`)),
    );
    const families = views.flat().flatMap(({ familyViews }) => familyViews);
    return (
      families.length > 0 &&
      families.every(({ endOfRibSent, endOfRibReceived }) => endOfRibSent && endOfRibReceived)
    );
  });
}

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridges, daemons');
  await buildTwoLeaves(network);
  lab.capture('spine1', 'swp2');
  const spine = await lab.evpnd('spine1', lab.file('spine.evpnd.yaml'));
  const leaf1 = await lab.evpnd('leaf1', lab.file('leaf.evpnd.yaml', { n: 1 }));
  const leaf2 = await lab.evpnd('leaf2', lab.file('leaf.evpnd.yaml', { n: 2 }));
  const complete = async () => {
    await expectComplete(leaf1, ['10.0.0.100']);
    await expectComplete(leaf2, ['10.0.0.100']);
    await expectComplete(spine, ['10.0.0.1', '10.0.0.2']);
  };
  await complete();
  await expectPing(network, 'h1', H2.ip);
  await expectPing(network, 'h2', H1.ip6);

  const unfelt = (what: string, deed: () => Promise<void>) =>
    expectUnfelt(lab, what, FLOWS, LEAVES, async () => {
      await deed();
      await complete();
    });
  const killed = async (...all: readonly Evpnd[]) => {
    await Promise.all(all.map((evpnd) => evpnd.stop('SIGKILL')));
    await Promise.all(all.map((evpnd) => evpnd.start()));
  };

  await unfelt('leaf2 is killed and started again', () => killed(leaf2));
  await unfelt('leaf2 stops to come back (SIGUSR2)', async () => {
    await leaf2.stop('SIGUSR2');
    await leaf2.start();
  });
  await unfelt('the reflector is killed and started again', () => killed(spine));
  await unfelt('all are killed at once and started again', () => killed(spine, leaf1, leaf2));
  await unfelt('leaf2 is killed again as soon as it has told everything', async () => {
    await killed(leaf2);
    await complete();
    await killed(leaf2);
  });

  lab.step('a stop is for good: routes and entries go at once');
  await leaf2.stop();
  await expectFloodList(network, 'leaf1', VNI, []);
  const left = (await fdb(network, 'leaf2', `vxlan${VNI}`)).filter((line) => line.includes('dst'));
  expect('leaf2 leaves no tunnel entry behind', left.length === 0, left);
  await leaf2.start();
  await expectFloodList(network, 'leaf1', VNI, ['10.0.0.2']);

  lab.step('a leaf that does not come back within its restart time is forgotten');
  const short = lab.file('leaf.evpnd.yaml', { n: 2 });
  leaf2.writeConfiguration(`${short}\ngraceful-restart: { restart-time: 3 }\n`);
  await leaf2.stop('SIGUSR2');
  await leaf2.start();
  await complete();
  await leaf2.stop('SIGKILL');
  await expectFloodList(network, 'leaf1', VNI, []);
}

export const lab: Omit<Lab, 'name'> = {
  title: 'evpnd restarts without a lost ping: leaf, reflector, all at once',
  needs: ['tcpdump', 'ping', 'bridge', 'ip'],
  run,
};
