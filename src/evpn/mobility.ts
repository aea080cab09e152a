/**
 * Where a MAC is, when several places claim it: the comparison of two claims, and the count of moves that
 * tells a duplicate from a host that moves. Pure: numbers in, decisions out.
 *
 * RFC 7432 sections 15 (sequence numbers, lowest address on a tie), 15.1 (duplicates), 15.2 (sticky MACs).
 */
import type { AddressId, AddressTable } from '../base/address-table.ts';
import { compareIp } from '../base/ip.ts';
import { ENTRY_FLAG } from '../dataplane/interfaces.ts';
import type { DuplicateDetectionConfig } from './config.ts';

/** The counter saturates: nobody moves 2^32 times, and a wrapped one would lose against every older claim. */
const HIGHEST_SEQUENCE = 0xffffffff;

export const nextSequence = (sequence: number): number => Math.min(sequence + 1, HIGHEST_SEQUENCE);

/** Sticky MACs and gateways' MACs do not move: they outrank any sequence number. */
export const isImmovable = (flags: number): boolean =>
  (flags & (ENTRY_FLAG.STICKY | ENTRY_FLAG.GATEWAY)) !== 0;

/**
 * Whether claim A (its sequence, flags and VTEP) is to be believed rather than claim B. False on a tie,
 * which is what two routes of one leaf for one MAC are, so that the present choice stays.
 */
export function claimBeats(
  sequenceA: number,
  flagsA: number,
  vtepA: AddressId,
  sequenceB: number,
  flagsB: number,
  vtepB: AddressId,
  addresses: AddressTable,
): boolean {
  // RFC 7432 section 15.2: a sticky MAC is not subject to moves.
  const immovableA = isImmovable(flagsA);
  if (immovableA !== isImmovable(flagsB)) return immovableA;
  // RFC 7432 section 15: the highest sequence number is the latest place.
  if (sequenceA !== sequenceB) return sequenceA > sequenceB;
  // "If the sequence number ... is equal": the PE with the lowest IP address has the MAC, on every leaf alike.
  if (vtepA === vtepB) return false;
  return compareIp(addresses.bytes(vtepA), addresses.bytes(vtepB)) < 0;
}

interface MoveCount {
  moves: number;
  windowStart: number;
  duplicateSince: number | undefined;
}

export interface MoveView {
  readonly moves: number;
  /** Monotonic milliseconds, of the injected clock. */
  readonly duplicateSince: number | undefined;
}

/**
 * RFC 7432 section 15.1: N moves within M seconds make a MAC a duplicate. The window opens when a MAC that
 * was elsewhere is learned here; within it, moves in both directions count. Holds something for MACs that
 * move, nothing for those that stay.
 */
export class MoveCounter {
  readonly #counts = new Map<number, MoveCount>();
  #config: DuplicateDetectionConfig;

  constructor(config: DuplicateDetectionConfig) {
    this.#config = config;
  }

  configure(config: DuplicateDetectionConfig): void {
    this.#config = config;
  }

  /** Counts a move of the MAC in `row`. Returns true when this one makes it a duplicate. */
  note(row: number, toHere: boolean, now: number): boolean {
    if (!this.#config.enabled) return false;
    let count = this.#counts.get(row);
    const open = count !== undefined && now - count.windowStart <= this.#config.windowSeconds * 1000;
    if (count === undefined || !open) {
      if (!toHere) return false;
      count = { moves: 0, windowStart: now, duplicateSince: undefined };
      this.#counts.set(row, count);
    }
    count.moves++;
    if (count.duplicateSince !== undefined || count.moves < this.#config.maxMoves) return false;
    count.duplicateSince = now;
    return true;
  }

  isDuplicate(row: number): boolean {
    return this.#counts.get(row)?.duplicateSince !== undefined;
  }

  /** A duplicate that is to stay where it is. */
  isFrozen(row: number): boolean {
    return this.#config.freeze && this.isDuplicate(row);
  }

  view(row: number): MoveView | undefined {
    return this.#counts.get(row);
  }

  /** Forgets the moves of a MAC: it is gone, or an operator has looked into it. */
  clear(row: number): void {
    this.#counts.delete(row);
  }

  get duplicates(): number {
    let duplicates = 0;
    for (const count of this.#counts.values()) if (count.duplicateSince !== undefined) duplicates++;
    return duplicates;
  }
}
