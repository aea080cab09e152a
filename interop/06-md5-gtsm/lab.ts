/**
 * TCP MD5 (RFC 2385) and GTSM (RFC 5082) with FRR: right, then each thing wrong, with the reason in `show` as words.
 *
 *   a (FRR, 65001) - b (evpnd, 65002)
 */
import { expectFrrSessions, expectSessions } from '../lab/checks.ts';
import type { Evpnd } from '../lab/evpnd.ts';
import { eventually, throughout } from '../lab/expect.ts';
import type { Lab, LabContext } from '../lab/lab.ts';

const RIGHT = { remoteAs: 65001, password: 'correct-horse', ttl: 'ttl-security-hops: 1' };

async function run(lab: LabContext): Promise<void> {
  const { network } = lab;
  lab.step('namespaces and links');
  await network.addNode('a');
  await network.addNode('b');
  await network.link('a', 'eth0', 'b', 'eth0');
  await network.ip('a', 'addr add 10.9.0.1/24 dev eth0');
  await network.ip('b', 'addr add 10.9.0.2/24 dev eth0');
  lab.capture('a', 'eth0');

  lab.step('right password, right TTL');
  const frr = await lab.frr('a', lab.file('peer.frr.conf'));
  const evpnd = await lab.evpnd('b', lab.file('peer.evpnd.yaml', RIGHT));
  await expectSessions(evpnd, ['10.9.0.1']);
  await expectFrrSessions(frr, ['10.9.0.2']);

  lab.step('a wrong password, by reload: the session ends and the reason is told');
  await reload(evpnd, lab.file('peer.evpnd.yaml', { ...RIGHT, password: 'wrong-horse' }));
  await expectReason(evpnd, /password|MD5/i);
  await throughout('no session with a wrong password', 3, async () => !(await established(evpnd)));

  lab.step('the right password again: the session returns');
  await reload(evpnd, lab.file('peer.evpnd.yaml', RIGHT));
  await expectSessions(evpnd, ['10.9.0.1']);

  lab.step('the wrong AS');
  await reload(evpnd, lab.file('peer.evpnd.yaml', { ...RIGHT, remoteAs: 65009 }));
  await expectReason(evpnd, /AS 65001.*65009|65009.*65001/);

  lab.step('no GTSM on our side: FRR drops what we send');
  await reload(evpnd, lab.file('peer.evpnd.yaml', { ...RIGHT, ttl: 'ebgp-multihop: 1' }));
  // Ours may believe in the session for a moment: FRR minds the TTL only once it has accepted the connection.
  await throughout('no session at FRR without TTL 255', 4, async () => {
    const summary = await frr.json<{ peers?: Record<string, { state: string }> }>(
      'show bgp l2vpn evpn summary',
    );
    return summary.peers?.['10.9.0.2']?.state !== 'Established';
  });
  await reload(evpnd, lab.file('peer.evpnd.yaml', RIGHT));
  await expectSessions(evpnd, ['10.9.0.1']);
  await expectFrrSessions(frr, ['10.9.0.2']);
}

async function reload(evpnd: Evpnd, configuration: string): Promise<void> {
  evpnd.writeConfiguration(configuration);
  await evpnd.ctl('reload');
}

async function established(evpnd: Evpnd): Promise<boolean> {
  return (await evpnd.ctl('show bgp neighbors 10.9.0.1')).includes('Established,');
}

async function expectReason(evpnd: Evpnd, reason: RegExp): Promise<void> {
  await eventually(
    `show bgp neighbors tells ${reason}`,
    async () => {
      const text = await evpnd.ctl('show bgp neighbors 10.9.0.1');
      if (!reason.test(text)) throw new Error(text);
      return true;
    },
    { seconds: 25 },
  );
}

export const lab: Omit<Lab, 'name'> = {
  title: 'TCP MD5 and GTSM with FRR, right and wrong',
  needs: ['bgpd', 'vtysh', 'tcpdump', 'ip'],
  run,
};
