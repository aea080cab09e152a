/**
 * What a member that is out of step is to be told although it has not changed: everything when it is new or asks for a refresh,
 * some sets of route targets when it asks for others. A member that wants little of the table has it at once, from the lists
 * by set; for one that wants much the rows are looked at in steps while it is served, as a million would take too long for
 * one slice.
 *
 * RFC 2918 (refresh), RFC 4684 section 5 (interest).
 */
import type { Member } from './out-peer.ts';
import type { SentRoutes } from './sent-routes.ts';
import type { TargetSetId } from './target-sets.ts';

/** Rows in one step: a fraction of a millisecond's work. */
const STEP_ROWS = 8192;
/** One part in so many of the table is little. */
const LITTLE = 8;

export class Debts {
  readonly #sent: SentRoutes;

  constructor(sent: SentRoutes) {
    this.#sent = sent;
  }

  /** Owes everything announced. `told`: the member knows the routes that were not in its debt yet. */
  owe(member: Member, told: boolean): void {
    if (member.wanted !== undefined && this.#sent.countFor(member) <= this.#little) {
      this.#oweSets(member, told, (set) => member.wanted!.has(set));
    } else if (told && member.isCatchingUp && !member.knowsUnseen) {
      // It is being told for the first time: what it was told already is owed again, the rest still.
      this.#oweRows(member, 0, member.unseenFrom, true);
    } else {
      member.unseenFrom = 0;
      member.knowsUnseen = told;
    }
  }

  /** The next step of a member that is catching up. */
  oweMore(member: Member): void {
    const limit = Math.min(this.#sent.rowLimit, this.#sent.table.keys.rowLimit);
    const to = Math.min(member.unseenFrom + STEP_ROWS, limit);
    this.#oweRows(member, member.unseenFrom, to, member.knowsUnseen);
    member.unseenFrom = to === limit ? Number.POSITIVE_INFINITY : to;
  }

  /** After `wanted.revise()`: owes what the member now wants, or wants no longer. */
  reowe(member: Member): void {
    const wanted = member.wanted!;
    this.#oweSets(member, undefined, (set) => wanted.isRevised(set));
  }

  get #little(): number {
    return Math.max(STEP_ROWS, this.#sent.rowLimit / LITTLE);
  }

  /** Rows from `from` up to `to`, both multiples of 32. */
  #oweRows(member: Member, from: number, to: number, told: boolean): void {
    const sent = this.#sent;
    for (let base = from; base < to; base += 32) {
      let bits = 0;
      for (let b = 0; b < 32; b++) if (sent.blockFor(base + b, member) !== 0) bits |= 1 << b;
      if (bits === 0) continue;
      if (told) member.told!.addWord(base >>> 5, bits & ~member.pending!.word(base >>> 5));
      member.pending!.addWord(base >>> 5, bits);
    }
  }

  /** Owes the routes of the sets chosen. `told` undefined: the member knows those of the sets that it no longer wants. */
  #oweSets(member: Member, told: boolean | undefined, isChosen: (set: TargetSetId) => boolean): void {
    const sent = this.#sent;
    const { source } = member.peer;
    for (let set: TargetSetId = 1; set < sent.bySet.setLimit; set++) {
      if (sent.bySet.countExcept(set, source) === 0 || !isChosen(set)) continue;
      const knows = told ?? !member.wanted!.has(set);
      sent.bySet.forEach(set, (route) => {
        if (!sent.isFrom(route, source) && !member.isUnseen(route)) member.mark(route, knows);
      });
    }
  }
}
