/**
 * What the EVPN part tells people as it happens: a union of events for `watch`, and the log. Ordinary events are built
 * only while somebody watches; those that an operator must hear of are always logged.
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import type { Logger } from '../base/log.ts';
import { type Mac, printMac } from '../base/mac.ts';
import type { Instance } from './instance.ts';

export type EvpnEvent =
  | { readonly type: 'vni-up'; readonly vni: number; readonly vtep: string }
  | { readonly type: 'vni-down'; readonly vni: number; readonly reason: string }
  | {
      readonly type: 'mac-local';
      readonly vni: number;
      readonly mac: string;
      readonly port: string;
      readonly sequence: number;
    }
  | {
      readonly type: 'mac-remote';
      readonly vni: number;
      readonly mac: string;
      readonly vtep: string;
      readonly sequence: number;
    }
  | { readonly type: 'mac-gone'; readonly vni: number; readonly mac: string }
  | {
      readonly type: 'mac-duplicate';
      readonly vni: number;
      readonly mac: string;
      readonly moves: number;
      /** It stays where it is until an operator clears it. */
      readonly frozen: boolean;
    }
  | { readonly type: 'mac-conflict'; readonly vni: number; readonly mac: string; readonly vtep: string }
  | { readonly type: 'vtep'; readonly vtep: string; readonly reachable: boolean };

export type EvpnListener = (event: EvpnEvent) => void;

/** A trouble that lasts; undefined text: it is over. */
export type Problem = (subject: string, text: string | undefined) => void;

export class Reporter {
  readonly #log: Logger;
  readonly #addresses: AddressTable;
  readonly #problem: Problem;
  readonly #listeners = new Set<EvpnListener>();

  constructor(log: Logger, addresses: AddressTable, problem: Problem) {
    this.#log = log;
    this.#addresses = addresses;
    this.#problem = problem;
  }

  /** Somebody listens: ordinary events are worth building. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Returns the function that ends it. */
  watch(listener: EvpnListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  vniUp(instance: Instance): void {
    const vtep = this.#addresses.text(instance.vtep);
    this.#log.info({ vni: instance.vni, vtep }, 'VNI is up');
    this.#tell({ type: 'vni-up', vni: instance.vni, vtep });
  }

  vniDown(instance: Instance, reason: string): void {
    this.#log.info({ vni: instance.vni, reason }, 'VNI is down');
    this.#tell({ type: 'vni-down', vni: instance.vni, reason });
  }

  macLocal(instance: Instance, mac: Mac, port: string, sequence: number): void {
    this.#tell({ type: 'mac-local', vni: instance.vni, mac: printMac(mac), port, sequence });
  }

  macRemote(instance: Instance, mac: Mac, vtep: AddressId, sequence: number): void {
    this.#tell({
      type: 'mac-remote',
      vni: instance.vni,
      mac: printMac(mac),
      vtep: this.#addresses.text(vtep),
      sequence,
    });
  }

  macGone(instance: Instance, mac: Mac): void {
    this.#tell({ type: 'mac-gone', vni: instance.vni, mac: printMac(mac) });
  }

  /** RFC 7432 section 15.1: the operator is alerted. */
  duplicate(instance: Instance, mac: Mac, moves: number, frozen: boolean): void {
    const fields = { vni: instance.vni, mac: printMac(mac), moves, frozen };
    this.#log.warn(fields, 'MAC moves too often: two hosts may have it');
    this.#tell({ type: 'mac-duplicate', ...fields });
  }

  /** RFC 7432 section 15.2: the operator is alerted. */
  conflict(instance: Instance, mac: Mac, vtep: AddressId): void {
    const fields = { vni: instance.vni, mac: printMac(mac), vtep: this.#addresses.text(vtep) };
    this.#log.warn(fields, 'MAC is learned here, but is static (sticky) at another VTEP');
    this.#tell({ type: 'mac-conflict', ...fields });
  }

  vtep(vtep: AddressId, reachable: boolean): void {
    const text = this.#addresses.text(vtep);
    if (reachable) this.#log.info({ vtep: text }, 'VTEP is reachable');
    else this.#log.warn({ vtep: text }, 'VTEP is unreachable: its entries are held back');
    this.#tell({ type: 'vtep', vtep: text, reachable });
  }

  /** The VNI has as many remote MACs as it may, and there are more; or there are no more. */
  macLimit(instance: Instance): void {
    const subject = `VNI ${instance.vni}`;
    this.#problem(
      subject,
      instance.refusedMacs > 0
        ? `has ${instance.maximumMacs} remote MACs, its maximum-macs: further ones are not installed`
        : undefined,
    );
  }

  #tell(event: EvpnEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
