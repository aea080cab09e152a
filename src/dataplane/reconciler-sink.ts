/** What a driver talks to: each observation goes to the part of the reconciler that it concerns. */
import type { AddressId } from '../base/address-table.ts';
import type { IpBytes } from '../base/ip.ts';
import type { DriverSink, Origin } from './driver.ts';
import type { DataplaneEvents, InstanceState } from './interfaces.ts';
import type { LocalState } from './local-state.ts';
import type { EntryObserver } from './observer.ts';

export interface SinkTargets {
  instance(state: InstanceState): void;
  instanceGone(vni: number): void;
  overrun(): void;
  resync(): void;
  /** A MAC came to a local port, or left the last one. */
  localMacChanged(vni: number, macHigh: number, macLow: number, isLocal: boolean): void;
}

export class ReconcilerSink implements DriverSink {
  readonly #events: DataplaneEvents;
  readonly #observer: EntryObserver;
  readonly #local: LocalState;
  readonly #targets: SinkTargets;

  constructor(events: DataplaneEvents, observer: EntryObserver, local: LocalState, targets: SinkTargets) {
    this.#events = events;
    this.#observer = observer;
    this.#local = local;
    this.#targets = targets;
  }

  instance(state: InstanceState): void {
    this.#targets.instance(state);
  }

  instanceGone(vni: number): void {
    this.#targets.instanceGone(vni);
  }

  macSeen(
    vni: number,
    macHigh: number,
    macLow: number,
    part: number,
    vtep: AddressId,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void {
    this.#observer.macSeen(vni, macHigh, macLow, part, vtep, flags, ours, origin);
  }

  macMissing(vni: number, macHigh: number, macLow: number, part: number): void {
    this.#observer.macMissing(vni, macHigh, macLow, part);
  }

  macBlocked(vni: number, macHigh: number, macLow: number, origin: Origin): void {
    this.#observer.macBlocked(vni, macHigh, macLow, origin);
  }

  floodSeen(vni: number, vtep: AddressId, ours: boolean, origin: Origin): void {
    this.#observer.floodSeen(vni, vtep, ours, origin);
  }

  floodMissing(vni: number, vtep: AddressId): void {
    this.#observer.floodMissing(vni, vtep);
  }

  neighbourSeen(
    vni: number,
    ip: IpBytes,
    macHigh: number,
    macLow: number,
    flags: number,
    ours: boolean,
    origin: Origin,
  ): void {
    this.#observer.neighbourSeen(vni, ip, macHigh, macLow, flags, ours, origin);
  }

  neighbourMissing(vni: number, ip: IpBytes): void {
    this.#observer.neighbourMissing(vni, ip);
  }

  neighbourBlocked(vni: number, ip: IpBytes, origin: Origin): void {
    this.#observer.neighbourBlocked(vni, ip, origin);
  }

  neighbourUnblocked(vni: number, ip: IpBytes): void {
    this.#observer.neighbourUnblocked(vni, ip);
  }

  localMac(vni: number, macHigh: number, macLow: number, flags: number, port: number, origin: Origin): void {
    const isNews = this.#local.mac(vni, macHigh, macLow, flags, port, origin);
    if (isNews) this.#targets.localMacChanged(vni, macHigh, macLow, true);
  }

  localMacGone(vni: number, macHigh: number, macLow: number): void {
    const isNews = this.#local.macGone(vni, macHigh, macLow);
    if (isNews) this.#targets.localMacChanged(vni, macHigh, macLow, false);
  }

  localNeighbour(
    vni: number,
    ip: IpBytes,
    macHigh: number,
    macLow: number,
    flags: number,
    origin: Origin,
  ): void {
    this.#local.neighbour(vni, ip, macHigh, macLow, flags, origin);
  }

  localNeighbourGone(vni: number, ip: IpBytes): void {
    this.#local.neighbourGone(vni, ip);
  }

  vtepReachable(vtep: AddressId, reachable: boolean): void {
    this.#events.vtepReachable(vtep, reachable);
  }

  settled(): void {
    this.#events.settled();
  }

  overrun(): void {
    this.#targets.overrun();
  }

  resync(): void {
    this.#targets.resync();
  }

  problem(subject: string, text: string | undefined): void {
    this.#events.problem(subject, text);
  }
}
