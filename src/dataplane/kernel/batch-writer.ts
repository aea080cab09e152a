/**
 * Writes a batch of entries with netlink and puts a result to each. Refusals that only say that what was to go is not
 * there are successes.
 */
import type { AddressTable } from '../../base/address-table.ts';
import { errnoText } from '../../base/errno.ts';
import type { Logger } from '../../base/log.ts';
import {
  type EntryFailure,
  type MessageWriter,
  type NetlinkSocket,
  UNKNOWN_RESULT,
} from '../../netlink/index.ts';
import { type EntryBatch, KIND, OP, RESULT } from '../driver.ts';
import { encodeFloodEntry, encodeMacEntry, encodeNeighbourEntry } from './entry-messages.ts';
import type { FloodLedger } from './flood-ledger.ts';
import type { KernelInstance } from './inventory.ts';

export class BatchWriter {
  readonly #addresses: AddressTable;
  readonly #ledger: FloodLedger;
  readonly #log: Logger;
  readonly #errorCodes = new Map<string, number>();
  /** Code 0 is success and has no text. */
  readonly #errorTexts: string[] = [''];
  #instances: ReadonlyMap<number, KernelInstance> = new Map();

  constructor(addresses: AddressTable, ledger: FloodLedger, log: Logger) {
    this.#addresses = addresses;
    this.#ledger = ledger;
    this.#log = log;
  }

  /** The instances as they are from now on. */
  set instances(instances: ReadonlyMap<number, KernelInstance>) {
    this.#instances = instances;
  }

  async write(socket: NetlinkSocket, batch: EntryBatch): Promise<void> {
    batch.result.fill(RESULT.OK, 0, batch.length);
    try {
      this.#noteFloods(batch);
      await socket.write(
        batch.length,
        (writer, i) => this.#encode(batch, writer, i),
        (i, failure) => this.#refused(batch, i, failure),
      );
    } catch (error) {
      this.#log.error({ error }, 'cannot write forwarding entries: reading them again');
      batch.result.fill(RESULT.UNKNOWN, 0, batch.length);
    }
    this.#forgetFloods(batch);
  }

  errorText(code: number): string {
    return this.#errorTexts[code] ?? '';
  }

  /** Flood entries are noted as ours before they are written, where the kernel's mark does not tell. */
  #noteFloods(batch: EntryBatch): void {
    let save = false;
    for (let i = 0; i < batch.length; i++) {
      if (batch.kind[i] !== KIND.FLOOD || batch.op[i] === OP.REMOVE) continue;
      const isNew = this.#ledger.add(batch.vni[i]!, batch.vtep[i]!);
      if (isNew && this.#ledger.isMixed(batch.vni[i]!)) save = true;
    }
    if (save) this.#ledger.save();
  }

  #forgetFloods(batch: EntryBatch): void {
    let save = false;
    for (let i = 0; i < batch.length; i++) {
      const isRemoved = batch.op[i] === OP.REMOVE && batch.result[i] === RESULT.OK;
      if (batch.kind[i] !== KIND.FLOOD || !isRemoved) continue;
      this.#ledger.remove(batch.vni[i]!, batch.vtep[i]!);
      if (this.#ledger.isMixed(batch.vni[i]!)) save = true;
    }
    if (save) this.#ledger.save();
  }

  #encode(batch: EntryBatch, writer: MessageWriter, i: number): void {
    const instance = this.#instances.get(batch.vni[i]!);
    const kind = batch.kind[i]!;
    if (!instance || (kind === KIND.NEIGHBOUR && instance.sviIndex === 0)) {
      this.#lack(batch, i, instance);
    } else if (kind === KIND.NEIGHBOUR) {
      encodeNeighbourEntry(writer, batch, i, instance);
    } else {
      const vtep = this.#addresses.bytes(batch.vtep[i]!);
      if (kind === KIND.MAC) encodeMacEntry(writer, batch, i, instance, vtep);
      else encodeFloodEntry(writer, batch.op[i]!, instance, vtep);
    }
  }

  /** There is nothing to write to. What is to go is gone with it. */
  #lack(batch: EntryBatch, i: number, instance: KernelInstance | undefined): void {
    if (batch.op[i] === OP.REMOVE) return;
    const lack = instance
      ? `VLAN ${instance.vlan} has no interface on ${instance.state.bridge}`
      : 'no such VXLAN device';
    batch.result[i] = this.#errorCode(lack);
  }

  #refused(batch: EntryBatch, i: number, failure: EntryFailure): void {
    if (failure.code === UNKNOWN_RESULT) {
      batch.result[i] = RESULT.UNKNOWN;
      return;
    }
    const isAbsent = failure.code === 'ENOENT' || failure.code === 'ENODEV';
    if (batch.op[i] === OP.REMOVE && isAbsent) return;
    // A reinstallation removes first what may not be there.
    const removals = batch.kind[i] === KIND.MAC ? 2 : 1;
    if (batch.op[i] === OP.REINSTALL && failure.code === 'ENOENT' && failure.message < removals) return;
    const words = failure.text ? `: ${failure.text}` : '';
    batch.result[i] = this.#errorCode(`${errnoText(failure.errno)}${words}`);
  }

  #errorCode(text: string): number {
    let code = this.#errorCodes.get(text);
    if (code === undefined) {
      code = this.#errorTexts.push(text) - 1;
      this.#errorCodes.set(text, code);
    }
    return code;
  }
}
