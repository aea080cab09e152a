/** BIRD as a reflector, from the newer Debian root: EVPN came with BIRD 3.4. With its defaults: one worker thread. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Bird } from '../../../../interop/lab/others.ts';
import { NEWER_ROOT } from '../../../../interop/lab/root.ts';
import { LOCAL_AS } from '../feed.ts';
import { MeasuredDaemons, Processes } from './processes.ts';
import type { NodeSetting, System } from './system.ts';
import { versionOf } from './version.ts';

const HOLD_SECONDS = 9;

export const bird: System = {
  name: 'BIRD',
  holdTimeSeconds: HOLD_SECONDS,
  from: 'interop/setup --newer',
  version: () =>
    existsSync(join(NEWER_ROOT, 'usr/sbin/bird'))
      ? versionOf(['chroot', NEWER_ROOT, 'bird', '--version'])
      : undefined,
  async start(setting, { network, directory }) {
    const daemons = new MeasuredDaemons();
    const running = await Bird.start({
      network: network!,
      daemons,
      node: setting.node,
      configuration: configurationOf(setting),
      directory,
      root: NEWER_ROOT,
    });
    return new Processes(daemons.named('bird'), async () => {
      await daemons.stop();
      running.removeFiles();
    });
  },
};

/** A next hop is resolved through the kernel's routes, which BIRD learns. */
function configurationOf({ routerId, peers }: NodeSetting): string {
  return `log stderr { warning, error, fatal, bug };
router id ${routerId};
protocol device {}
protocol kernel { ipv4 { import all; export none; }; learn; }
evpn table evpntab;
protocol bgp peers {
  local ${routerId} as ${LOCAL_AS};
  neighbor range ${peers} as ${LOCAL_AS};
  dynamic name "peer";
  rr client;
  hold time ${HOLD_SECONDS};
  evpn { table evpntab; import all; export all; };
}
`;
}
