/** What an UPDATE is handed over to, part by part: octets where they lie, nothing is built. */
import type { Family } from './family.ts';
import type { BgpFault } from './faults.ts';

/** All ranges are valid during the call only. */
export interface UpdateVisitor {
  /** The attribute block (attribute-block.ts) of the announcements that follow. */
  attributes(block: Uint8Array, start: number, end: number): void;
  /** One whole NLRI, without its path identifier, which is 0 where the family has none. */
  announce(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void;
  withdraw(family: Family, bytes: Uint8Array, start: number, end: number, pathId: number): void;
  endOfRib(family: Family): void;
  fault(fault: BgpFault): void;
}
