/** GoBGP as a reflector, from Debian's package. It needs a time that is quadratic in type-2 routes: small feeds only. */
import { Gobgp } from '../../../../interop/lab/others.ts';
import { LOCAL_AS } from '../feed.ts';
import { MeasuredDaemons, Processes } from './processes.ts';
import type { NodeSetting, System } from './system.ts';
import { versionOf } from './version.ts';

const HOLD_SECONDS = 9;

export const gobgp: System = {
  name: 'GoBGP',
  holdTimeSeconds: HOLD_SECONDS,
  from: 'interop/setup',
  version: () => versionOf(['gobgpd', '--version']),
  async start(setting, { network, directory }) {
    const daemons = new MeasuredDaemons();
    const { node } = setting;
    const configuration = configurationOf(setting);
    await Gobgp.start({ network: network!, daemons, node, configuration, directory, logLevel: 'warn' });
    return new Processes(daemons.named('gobgpd'), () => daemons.stop());
  },
};

function configurationOf({ routerId, port, peers }: NodeSetting): string {
  return `[global.config]
  as = ${LOCAL_AS}
  router-id = "${routerId}"
  port = ${port}
[[peer-groups]]
  [peer-groups.config]
    peer-group-name = "clients"
    peer-as = ${LOCAL_AS}
  [peer-groups.timers.config]
    hold-time = ${HOLD_SECONDS}
    keepalive-interval = 3
  [peer-groups.route-reflector.config]
    route-reflector-client = true
    route-reflector-cluster-id = "${routerId}"
  [[peer-groups.afi-safis]]
    [peer-groups.afi-safis.config]
      afi-safi-name = "l2vpn-evpn"
[[dynamic-neighbors]]
  [dynamic-neighbors.config]
    prefix = "${peers}"
    peer-group = "clients"
`;
}
