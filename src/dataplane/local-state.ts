/** Local MACs and neighbours of all instances, told to the control plane for those instances that it asked for. */
import type { IpBytes } from '../base/ip.ts';
import { macOfWords } from '../base/mac.ts';
import type { Origin } from './driver.ts';
import type { EntryStore } from './entry-store.ts';
import { ipOfKey, putIpKey } from './entry-table.ts';
import type { DataplaneEvents } from './interfaces.ts';
import { LocalTable } from './local-table.ts';

export class LocalState {
  readonly #store: EntryStore;
  readonly #portName: (port: number) => string;
  readonly #macs = new LocalTable(
    3,
    (row) => this.#reportMac(row),
    (row) => this.#reportMacGone(row),
  );
  readonly #neighbours = new LocalTable(
    6,
    (row) => this.#reportNeighbour(row),
    (row) => this.#reportNeighbourGone(row),
  );
  #dump = 0;
  events: DataplaneEvents | undefined;

  constructor(store: EntryStore, portName: (port: number) => string) {
    this.#store = store;
    this.#portName = portName;
  }

  beginDump(dump: number): void {
    this.#dump = dump;
  }

  endDump(): void {
    this.#macs.sweep(this.#dump);
    this.#neighbours.sweep(this.#dump);
    this.#dump = 0;
  }

  abandonDump(): void {
    this.#macs.keepAll();
    this.#neighbours.keepAll();
    this.#dump = 0;
  }

  /** Returns whether that is news. */
  mac(vni: number, high: number, low: number, flags: number, port: number, origin: Origin): boolean {
    this.#setMacKey(vni, high, low);
    return this.#macs.observe(port, 0, flags, origin, this.#dump);
  }

  macGone(vni: number, high: number, low: number): boolean {
    this.#setMacKey(vni, high, low);
    return this.#macs.forget(this.#dump);
  }

  neighbour(vni: number, ip: IpBytes, high: number, low: number, flags: number, origin: Origin): void {
    putIpKey(this.#neighbours.scratch, vni, ip);
    this.#neighbours.observe(high, low, flags, origin, this.#dump);
  }

  neighbourGone(vni: number, ip: IpBytes): void {
    putIpKey(this.#neighbours.scratch, vni, ip);
    this.#neighbours.forget(this.#dump);
  }

  /** Tells everything known of an instance that was just asked for. */
  reportAll(vni: number): void {
    this.#macs.rowsOf(vni, (row) => this.#reportMac(row));
    this.#neighbours.rowsOf(vni, (row) => this.#reportNeighbour(row));
    this.events?.settled();
  }

  /** An entry of ours was written in the place of the MAC. */
  macReplaced(vni: number, high: number, low: number): void {
    this.#setMacKey(vni, high, low);
    this.#macs.replaced(this.#dump);
  }

  /** Whether the MAC is local, and no entry of ours has taken its place. */
  hasMac(vni: number, high: number, low: number): boolean {
    this.#setMacKey(vni, high, low);
    return this.#macs.has();
  }

  /** Tells a MAC again that the control plane took to be gone, if it is still there. */
  reportAgain(vni: number, high: number, low: number): void {
    this.#setMacKey(vni, high, low);
    if (!this.#macs.has()) return;
    this.#reportMac(this.#macs.keys.find(this.#macs.scratch));
    this.events?.settled();
  }

  /** The instance went away, and with it all that was local to it. */
  forgetInstance(vni: number): void {
    this.#macs.rowsOf(vni, (row) => this.#macs.drop(row, this.#dump === 0));
    this.#neighbours.rowsOf(vni, (row) => this.#neighbours.drop(row, this.#dump === 0));
  }

  #setMacKey(vni: number, high: number, low: number): void {
    const { scratch } = this.#macs;
    scratch[0] = vni;
    scratch[1] = high;
    scratch[2] = low;
  }

  #reportMac(row: number): void {
    const { keys } = this.#macs;
    const vni = keys.word(row, 0);
    if (!this.#store.vni(vni).ensured) return;
    const mac = macOfWords(keys.word(row, 1), keys.word(row, 2));
    this.events?.localMac(vni, mac, this.#macs.flags[row]!, this.#portName(this.#macs.a[row]!));
  }

  #reportMacGone(row: number): void {
    const { keys } = this.#macs;
    const vni = keys.word(row, 0);
    if (!this.#store.vni(vni).ensured) return;
    this.events?.localMacGone(vni, macOfWords(keys.word(row, 1), keys.word(row, 2)));
  }

  #reportNeighbour(row: number): void {
    const table = this.#neighbours;
    const vni = table.keys.word(row, 0);
    if (!this.#store.vni(vni).ensured) return;
    const mac = macOfWords(table.a[row]!, table.b[row]!);
    this.events?.localNeighbour(vni, ipOfKey(table.keys, row), mac, table.flags[row]!);
  }

  #reportNeighbourGone(row: number): void {
    const { keys } = this.#neighbours;
    const vni = keys.word(row, 0);
    if (this.#store.vni(vni).ensured) this.events?.localNeighbourGone(vni, ipOfKey(keys, row));
  }
}
