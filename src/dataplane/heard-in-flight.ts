/**
 * What was heard of a row while a write of it was under way, so that the write's result does not overrule what happened after it.
 * Notices come in the order of events: a part that was seen and then missed went after it was written; one that was missed and then
 * seen came back after it was taken out. What was heard before the first of these may be older than the write, and the result
 * counts. Three bits a part and one for the row, in one number.
 */
import { PART } from './driver.ts';

const SEEN = 0;
const MISSED = 3;
const LAST_WAS_SEEN = 6;
const ASKED_AGAIN = 1 << 9;
const ALL = PART.VALUE | PART.COMPANION | PART.OBSTACLE;

export const HEARD_NOTHING = 0;

/** `parts` are PART bits. */
export function heardSeen(heard: number, parts: number): number {
  return heard | (parts << SEEN) | (parts << LAST_WAS_SEEN);
}

export function heardMissing(heard: number, parts: number): number {
  return (heard | (parts << MISSED)) & ~(parts << LAST_WAS_SEEN);
}

export function hasSeen(heard: number, parts: number): boolean {
  return ((heard >> SEEN) & parts) !== 0;
}

/** Parts that went after they had been written. */
export function lostSince(heard: number): number {
  return (heard >> SEEN) & (heard >> MISSED) & ~(heard >> LAST_WAS_SEEN) & ALL;
}

/** Parts that came back after they had been taken out. */
export function returnedSince(heard: number): number {
  return (heard >> MISSED) & (heard >> SEEN) & (heard >> LAST_WAS_SEEN) & ALL;
}

/** The control plane has asked for the entry once more: what is written now does not answer that. */
export const heardAskedAgain = (heard: number): number => heard | ASKED_AGAIN;
export const wasAskedAgain = (heard: number): boolean => (heard & ASKED_AGAIN) !== 0;
