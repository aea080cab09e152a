/** The hardware VTEP dataplane: the shared reconciler over the database of one switch. */
import type { IpBytes } from '../../base/ip.ts';
import type { Mac } from '../../base/mac.ts';
import { Reconciler } from '../reconciler.ts';
import { HardwareVtepDriver } from './hardware-vtep-driver.ts';
import type { Binding } from './inventory.ts';
import type { HardwareVtepOptions } from './options.ts';
import { type SwitchStatus, switchStatus } from './status.ts';

export type { Binding, BindingState } from './inventory.ts';
export { type HardwareVtepOptions, ROWS_PER_TRANSACTION } from './options.ts';
export type { SwitchStatus } from './status.ts';

export interface HardwareVtepDataplaneOptions extends HardwareVtepOptions {
  /** Put the IP addresses of remote hosts into their rows, for a switch that answers ARP in their place. */
  readonly arpSuppression?: boolean;
  readonly auditMilliseconds?: number;
}

/** A switch that does not answer must not hold up the end of the daemon for long. */
const CLOSE_MILLISECONDS = 5000;

export class HardwareVtepDataplane extends Reconciler {
  readonly #vtep: HardwareVtepDriver;
  readonly #arpSuppression: boolean;

  private constructor(driver: HardwareVtepDriver, options: HardwareVtepDataplaneOptions) {
    const { clock, addresses, log, auditMilliseconds } = options;
    super({
      ...{ driver, clock, addresses, log, closeMilliseconds: CLOSE_MILLISECONDS },
      ...(auditMilliseconds === undefined ? {} : { auditMilliseconds }),
    });
    this.#vtep = driver;
    this.#arpSuppression = options.arpSuppression ?? false;
  }

  static create(options: HardwareVtepDataplaneOptions): HardwareVtepDataplane {
    return new HardwareVtepDataplane(new HardwareVtepDriver(options), options);
  }

  /** Without ARP suppression there is no use for addresses in the switch, and they would only cost rows. */
  override setNeighbour(vni: number, ip: IpBytes, mac: Mac, flags: number): void {
    if (this.#arpSuppression) super.setNeighbour(vni, ip, mac, flags);
  }

  override deleteNeighbour(vni: number, ip: IpBytes): void {
    if (this.#arpSuppression) super.deleteNeighbour(vni, ip);
  }

  /** A switch that is away keeps what it has: nothing can be taken out, and nobody waits for that. */
  override close(options: { readonly keepEntries: boolean }): Promise<void> {
    return super.close({ keepEntries: options.keepEntries || !this.#vtep.session.isReady });
  }

  rebind(bindings: readonly Binding[]): void {
    this.#vtep.rebind(bindings);
  }

  status(): SwitchStatus {
    return switchStatus(this.#vtep, this.counters());
  }
}
