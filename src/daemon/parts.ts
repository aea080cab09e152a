/** The parts of the daemon, as its files see each other: made in daemon.ts, read by reload, backend and views. */
import type { AddressTable } from '../base/address-table.ts';
import type { Clock } from '../base/clock.ts';
import type { Rib } from '../rib/index.ts';
import type { EventStream } from './events.ts';
import type { GracefulRestart } from './graceful-restart.ts';
import type { LeafDataplane, LeafEvpn, Leaves } from './leaves.ts';
import type { DaemonLogger } from './logger.ts';
import type { Neighbours } from './neighbours.ts';
import type { Identity } from './peer-settings.ts';
import type { Problems } from './problems.ts';

/** What the parts of the daemon share with each other and with the control API. */
export interface Parts {
  readonly clock: Clock;
  readonly log: DaemonLogger;
  readonly addresses: AddressTable;
  readonly rib: Rib;
  readonly leaves: Leaves;
  /** All leaves as if they were one, for those who only look. */
  readonly dataplane: LeafDataplane;
  readonly evpn: LeafEvpn;
  readonly neighbours: Neighbours;
  readonly restart: GracefulRestart;
  readonly events: EventStream;
  readonly problems: Problems;
  readonly identity: Identity;
  readonly version: string;
  readonly startedAt: number;
}
