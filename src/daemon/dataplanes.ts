/** The one place that knows the concrete dataplanes: makes the one that the configuration names. */
import { basename, dirname, join } from 'node:path';
import type { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/index.ts';
import { createKernelDataplane } from '../dataplane/kernel/index.ts';
import { createMemoryDataplane } from '../dataplane/memory/index.ts';
import { Evpn } from '../evpn/index.ts';
import type { Rib } from '../rib/index.ts';
import { ConfiguredHosts } from './configured-hosts.ts';
import { evpnSettings } from './evpn-settings.ts';
import { type Leaves, singleLeaf } from './leaves.ts';
import type { Problems } from './problems.ts';
import { SwitchLeaves } from './switch-leaves.ts';

interface Dependencies {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
  readonly rib: Rib;
  readonly problems: Problems;
}

/** The leaves of this daemon, with the dataplane that the configuration names below each. */
export function createLeaves(config: Config, dependencies: Dependencies): Leaves {
  if (config.dataplane.type === 'hardware-vtep') return new SwitchLeaves(config, dependencies);
  const { clock, addresses, log, rib, problems } = dependencies;
  const { dataplane, reconfigure } = createDataplane(config, dependencies);
  const evpn = new Evpn({
    config: evpnSettings(config),
    rib,
    forwarding: dataplane,
    addresses,
    clock,
    log,
    problem: (subject, text) => problems.set(subject, text),
  });
  const open = async (): Promise<void> => {
    evpn.start();
    await dataplane.open(problems.forward(evpn));
  };
  return singleLeaf(evpn, dataplane, open, (changed) => {
    evpn.reconfigure(evpnSettings(changed));
    reconfigure(changed);
  });
}

function createDataplane(config: Config, { clock, addresses, log }: Dependencies) {
  const auditMilliseconds = config.dataplane.auditIntervalSeconds * 1000;
  const common = { clock, addresses, log: log.child({ part: 'dataplane' }), auditMilliseconds };
  if (config.dataplane.type === 'memory') {
    const { dataplane, hosts } = createMemoryDataplane(common);
    const configured = new ConfiguredHosts(hosts);
    configured.apply(config);
    return { dataplane, reconfigure: (changed: Config) => configured.apply(changed) };
  }
  // Beside the control socket: both belong to this daemon and to no other on the machine.
  const { socket } = config.control;
  const stateFile = join(dirname(socket), `${basename(socket, '.sock')}.entries.json`);
  return { dataplane: createKernelDataplane({ ...common, stateFile }), reconfigure: () => {} };
}
