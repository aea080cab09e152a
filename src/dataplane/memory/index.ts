/** The memory dataplane: the shared reconciler over tables in memory, with hosts to attach. */
import type { AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { Reconciler } from '../reconciler.ts';
import { MemoryDriver, type MemoryTables } from './memory-driver.ts';

export { MemoryDriver, type MemoryEntry, type MemoryFaults, MemoryTables } from './memory-driver.ts';

export interface MemoryDataplaneOptions {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log?: Logger;
  /** Tables that an earlier run left. */
  readonly tables?: MemoryTables;
  readonly auditMilliseconds?: number;
}

export interface MemoryDataplane {
  readonly dataplane: Reconciler;
  /** The other side: instances and hosts come and go, others edit entries, faults happen. */
  readonly hosts: MemoryDriver;
}

export function createMemoryDataplane(options: MemoryDataplaneOptions): MemoryDataplane {
  const { tables, ...rest } = options;
  const driver = new MemoryDriver(options.addresses, options.clock, tables);
  return { dataplane: new Reconciler({ driver, ...rest }), hosts: driver };
}
