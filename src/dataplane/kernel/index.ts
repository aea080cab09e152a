/** The kernel dataplane: the shared reconciler over rtnetlink. */
import type { AddressTable } from '../../base/address-table.ts';
import type { Clock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/log.ts';
import { Reconciler } from '../reconciler.ts';
import { KernelDriver } from './kernel-driver.ts';

export interface KernelDataplaneOptions {
  readonly clock: Clock;
  readonly addresses: AddressTable;
  readonly log?: Logger;
  /** A path in the run directory; without it, flood entries beside hand-made ones are not known as ours after a restart. */
  readonly stateFile?: string | undefined;
  readonly auditMilliseconds?: number;
  readonly noticeBufferOctets?: number;
}

/** Works on the network namespace in which `open` is called. */
export function createKernelDataplane(options: KernelDataplaneOptions): Reconciler {
  const { stateFile, noticeBufferOctets, ...rest } = options;
  const log = options.log ?? silentLogger;
  return new Reconciler({
    ...rest,
    driver: new KernelDriver({ ...rest, log, stateFile, noticeBufferOctets }),
  });
}
