/**
 * ExaBGP as a receiver: its own decoder must show our routes as JSON.
 *
 *   a (ExaBGP) - b (evpnd) - h2
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectSessions } from '../lab/checks.ts';
import { eventually } from '../lab/expect.ts';
import { addVni, attachHost, expectPing } from '../lab/fabric.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const H2 = { mac: '02:00:00:00:00:02', addresses: ['10.10.10.12/24'] };

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces, links, bridge');
  await network.addNode('a');
  await network.addNode('b');
  await network.link('a', 'eth0', 'b', 'eth0');
  await network.ip('a', 'addr add 10.9.0.1/24 dev eth0');
  await network.ip('b', 'addr add 10.9.0.2/24 dev eth0');
  await addVni(network, 'b', { vni: 10, vtep: '10.9.0.2', gateways: ['10.10.10.2/24'] });
  await network.addHost('h2');
  await attachHost(network, 'b', 'swp1', 'h2', 10, H2);
  lab.capture('a', 'eth0');

  lab.step('daemons');
  const output = join(lab.directory, 'received.json');
  writeFileSync(output, '');
  const receiver = `${fileURLToPath(new URL('receive.sh', import.meta.url))} ${output}`;
  lab.exabgp('a', lab.file('receiver.exabgp.conf', { receiver }));
  const evpnd = await lab.evpnd('b', lab.file('leaf.evpnd.yaml'));
  await expectSessions(evpnd, ['10.9.0.1']);
  await expectPing(network, 'h2', '10.10.10.2', 1);

  lab.step("ExaBGP's JSON has our type 3, MAC and MAC+IP routes");
  await eventually('ExaBGP shows the routes', () => {
    const routes = announced(readFileSync(output, 'utf8'));
    const has = (code: number, wanted: Record<string, unknown>) =>
      routes.some(
        (route) =>
          route.code === code && Object.entries(wanted).every(([key, value]) => route[key] === value),
      );
    const { mac } = H2;
    const complete =
      has(3, { ip: '10.9.0.2' }) && has(2, { mac, ip: undefined }) && has(2, { mac, ip: '10.10.10.12' });
    if (!complete) throw new Error(JSON.stringify(routes));
    return true;
  });
}

type Nlri = Record<string, unknown>;

/** EVPN routes announced in ExaBGP's JSON lines: announce -> family -> next hop -> list. */
function announced(text: string): Nlri[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      const { neighbor } = JSON.parse(line) as {
        neighbor?: { message?: { update?: { announce?: Record<string, Record<string, Nlri[]>> } } };
      };
      return Object.values(neighbor?.message?.update?.announce?.['l2vpn evpn'] ?? {}).flat();
    });
}

export const lab: Omit<Lab, 'name'> = {
  title: 'ExaBGP receives and decodes our routes',
  needs: ['exabgp', 'tcpdump', 'ping', 'ip'],
  run,
};
