/**
 * Which head-end replication entries are ours, where the kernel cannot tell.
 *
 * All remotes of a VXLAN device's all-zeroes MAC share one record with one set of flags. evpnd makes that record with
 * NTF_EXT_LEARNED, and every remote of a record so marked counts as ours. But when an operator adds a remote of his own the kernel
 * takes the mark off the record, and when his was there first the mark never gets on. From that moment on the VNI is mixed, and
 * a small file in the run directory names ours there, so that the next run can tell. What neither mark nor file
 * proves ours is left alone.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AddressId, AddressTable } from '../../base/address-table.ts';
import { parseIp } from '../../base/ip.ts';

export class FloodLedger {
  readonly #path: string | undefined;
  readonly #addresses: AddressTable;
  readonly #problem: (text: string | undefined) => void;
  readonly #ours = new Map<number, Set<AddressId>>();
  readonly #mixed = new Set<number>();

  constructor(
    path: string | undefined,
    addresses: AddressTable,
    problem: (text: string | undefined) => void,
  ) {
    this.#path = path;
    this.#addresses = addresses;
    this.#problem = problem;
  }

  /** Reads what an earlier run left. A missing file means that nothing was mixed; a broken one is reported and proves nothing. */
  load(): void {
    if (this.#path === undefined) return;
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#report('read', error);
      return;
    }
    try {
      this.#take(JSON.parse(text));
    } catch (error) {
      this.#report('understand', error);
    }
  }

  has(vni: number, vtep: AddressId): boolean {
    return this.#ours.get(vni)?.has(vtep) ?? false;
  }

  isMixed(vni: number): boolean {
    return this.#mixed.has(vni);
  }

  /** Another program's entry showed in the record. */
  mix(vni: number): void {
    if (this.#mixed.has(vni)) return;
    this.#mixed.add(vni);
    if (this.#ours.get(vni)?.size) this.save();
  }

  /** Returns whether that is new. */
  add(vni: number, vtep: AddressId): boolean {
    let vteps = this.#ours.get(vni);
    if (!vteps) this.#ours.set(vni, (vteps = new Set()));
    if (vteps.has(vtep)) return false;
    vteps.add(vtep);
    return true;
  }

  remove(vni: number, vtep: AddressId): void {
    this.#ours.get(vni)?.delete(vtep);
  }

  /** The device is gone, and its record with it. */
  forget(vni: number): void {
    this.#ours.delete(vni);
    if (this.#mixed.delete(vni)) this.save();
  }

  /** Writes the file whole and swaps it in; without mixed VNIs there is no file. */
  save(): void {
    if (this.#path === undefined) return;
    try {
      const entries: Record<string, string[]> = {};
      for (const vni of this.#mixed) {
        const vteps = [...(this.#ours.get(vni) ?? [])].map((vtep) => this.#addresses.text(vtep));
        if (vteps.length > 0) entries[vni] = vteps.sort();
      }
      if (Object.keys(entries).length === 0) rmSync(this.#path, { force: true });
      else {
        mkdirSync(dirname(this.#path), { recursive: true });
        writeFileSync(`${this.#path}.new`, `${JSON.stringify({ version: 1, floodEntries: entries })}\n`);
        renameSync(`${this.#path}.new`, this.#path);
      }
      this.#problem(undefined);
    } catch (error) {
      this.#report('write', error);
    }
  }

  #take(content: unknown): void {
    const entries = (content as { floodEntries?: Record<string, unknown> }).floodEntries;
    for (const [vni, vteps] of Object.entries(entries ?? {})) {
      if (!Array.isArray(vteps)) throw new TypeError(`VNI ${vni} has no list of VTEPs`);
      this.#mixed.add(Number(vni));
      for (const text of vteps) {
        const address = parseIp(String(text));
        if (!address) throw new TypeError(`VNI ${vni} lists "${text}", expected an IP address`);
        this.add(Number(vni), this.#addresses.intern(address));
      }
    }
  }

  #report(action: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#problem(
      `Cannot ${action} ${this.#path}: ${reason}; after a restart, flood entries beside hand-made ones may not be known as ours`,
    );
  }
}
