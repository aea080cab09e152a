/** The one place that knows the concrete dataplanes: makes the one that the configuration names. */
import { basename, dirname, join } from 'node:path';
import type { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/index.ts';
import type { Dataplane } from '../dataplane/interfaces.ts';
import { createKernelDataplane } from '../dataplane/kernel/index.ts';
import { createMemoryDataplane } from '../dataplane/memory/index.ts';
import { ConfiguredHosts } from './configured-hosts.ts';

export interface ChosenDataplane {
  readonly dataplane: Dataplane;
  /** Takes over what a reload changed. */
  reconfigure(config: Config): void;
}

interface DataplaneDependencies {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
}

export function createDataplane(
  config: Config,
  { clock, addresses, log }: DataplaneDependencies,
): ChosenDataplane {
  const auditMilliseconds = config.dataplane.auditIntervalSeconds * 1000;
  const common = { clock, addresses, log: log.child({ part: 'dataplane' }), auditMilliseconds };
  if (config.dataplane.type === 'memory') {
    const { dataplane, hosts } = createMemoryDataplane(common);
    const configured = new ConfiguredHosts(hosts);
    configured.apply(config);
    return { dataplane, reconfigure: (changed) => configured.apply(changed) };
  }
  // Beside the control socket: both belong to this daemon and to no other on the machine.
  const { socket } = config.control;
  const stateFile = join(dirname(socket), `${basename(socket, '.sock')}.entries.json`);
  return { dataplane: createKernelDataplane({ ...common, stateFile }), reconfigure: () => {} };
}
