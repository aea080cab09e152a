/**
 * The operations that put the addresses of a remote host into the rows of its MAC: the first into the row that is there, each further
 * one into a row of its own. An address is at one MAC: another row of ours that had it gives it up.
 *
 * vtep(5): Ucast_Macs_Remote.ipaddr.
 */
import { type IpBytes, printIp } from '../../base/ip.ts';
import { type EntryBatch, OP, putWord } from '../driver.ts';
import type { LogicalSwitch } from './inventory.ts';
import { deletion, insertion, macText, ourRows, update } from './mac-operations.ts';
import { MAC_ROW } from './mac-rows.ts';
import { type Operations, uuidText } from './operations.ts';
import type { Picture } from './picture.ts';

const GONE = 'gone';

export class NeighbourOperations {
  readonly #picture: Picture;
  readonly #operations: Operations;
  /** By UUID of a row: the address that this transaction gives it, so that the next address takes another one; or GONE. */
  readonly #taken = new Map<string, string>();

  constructor(picture: Picture, operations: Operations) {
    this.#picture = picture;
    this.#operations = operations;
  }

  /** Returns why it cannot be. */
  build(batch: EntryBatch, i: number, logicalSwitch: LogicalSwitch): string | undefined {
    const { remote } = this.#picture;
    const ours = ourRows(this.#picture, logicalSwitch, batch, i);
    const ip = ipOf(batch, i);
    const holder = ours.find((row) => remote.hasIp(row, ip));
    if (batch.op[i] === OP.REMOVE) {
      if (holder !== undefined) this.#release(i, holder, ours);
      return undefined;
    }
    if (holder !== undefined) return undefined;
    if (ours.length === 0) return 'its MAC is not in the switch';
    this.#takeFromOther(i, logicalSwitch, ip);
    const text = printIp(ip);
    const free = ours.find((row) => remote.ip(row) === undefined && !this.#taken.has(remote.uuid(row)));
    if (free !== undefined) {
      this.#taken.set(remote.uuid(free), text);
      this.#operations.add(i, update(this.#picture, free, `"ipaddr":"${text}"`), true);
    } else {
      const locator = uuidText(this.#picture.locators.at(remote.locator[ours[0]!]!).uuid);
      this.#operations.add(i, insertion(macText(batch, i), logicalSwitch, locator, text));
    }
    return undefined;
  }

  #takeFromOther(i: number, logicalSwitch: LogicalSwitch, ip: IpBytes): void {
    const { remote } = this.#picture;
    const { slot } = this.#picture.logicalSwitch(logicalSwitch.uuid);
    const row = remote.ofIp(slot, ip);
    if (row < 0 || (remote.flags[row]! & MAC_ROW.OURS) === 0) return;
    this.#release(i, row, remote.ours(slot, remote.macHigh(row), remote.macLow(row)));
  }

  /** The last row of a MAC stays, without an address. */
  #release(i: number, holder: number, ours: readonly number[]): void {
    const { remote } = this.#picture;
    const others = ours.filter((row) => row !== holder && this.#taken.get(remote.uuid(row)) !== GONE);
    if (others.length > 0) {
      this.#taken.set(remote.uuid(holder), GONE);
      this.#operations.add(i, deletion(this.#picture, holder));
    } else this.#operations.add(i, update(this.#picture, holder, '"ipaddr":""'));
  }
}

function ipOf(batch: EntryBatch, i: number): IpBytes {
  const ip = new Uint8Array(batch.ipLength[i]!);
  for (let word = 0; word * 4 < ip.length; word++) putWord(batch.ipWords[i * 4 + word]!, ip, word * 4);
  return ip;
}
