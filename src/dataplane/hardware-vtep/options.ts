/** With what the dataplane of one hardware VTEP is made. */
import type { AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { StreamSource } from '../../ovsdb/index.ts';
import type { Binding } from './inventory.ts';

/** By measurement (docs/hardware-vtep.md): fewer cost round trips, more make the server stall everybody else. */
export const ROWS_PER_TRANSACTION = 1000;

export interface HardwareVtepOptions {
  /** Name of the Physical_Switch. */
  readonly switchName: string;
  readonly source: StreamSource;
  readonly bindings: readonly Binding[];
  /** Keep VNIs at locators instead of at logical switches that evpnd makes. */
  readonly keyAtLocators?: boolean;
  readonly lock?: string | undefined;
  /** Which rows are ours is kept here; without it, rows are not known again after a restart. */
  readonly ledgerFile?: string | undefined;
  /** The same for VLAN bindings. */
  readonly bindingsFile?: string | undefined;
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log: Logger;
  readonly random?: () => number;
  /** How long a switch may be away until its hosts are no longer announced. */
  readonly awayMilliseconds?: number;
  readonly rowsPerTransaction?: number;
  readonly batchSize?: number;
  readonly probeMilliseconds?: number;
}
