/**
 * How long the paths of a peer in one family stay although they may not hold any more: while the peer restarts, and while
 * it announces everything again. They go when it has done so, or has taken too long.
 *
 * RFC 4724 section 4.2 (a restarting peer), RFC 7313 section 4 (between BoRR and EoRR).
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { SourceId } from '../rib/index.ts';

/** The RIB, or the route target memberships. */
export interface PathTable {
  markStale(source: SourceId): void;
  sweepStale(source: SourceId): void;
}

/** Both RFCs let the receiver bound what a peer that never ends makes it keep, and name no figure. */
const LONGEST_MILLISECONDS = 300_000;

export class StalePaths {
  readonly #clock: Clock;
  readonly #table: PathTable;
  #restart: Timer | undefined;
  #refresh: Timer | undefined;
  #keptUntil = 0;

  constructor(clock: Clock, table: PathTable) {
    this.#clock = clock;
    this.#table = table;
  }

  /** Paths of a session before wait for the peer, or for its End-of-RIB. */
  get kept(): boolean {
    return this.#restart !== undefined;
  }

  /** How long they are kept if the peer does not do its part; undefined when none are. */
  get remainingSeconds(): number | undefined {
    return this.kept ? Math.max(0, (this.#keptUntil - this.#clock.now()) / 1000) : undefined;
  }

  /** The session is gone and its paths, which are stale now, stay for so long; `expired` follows when it was too long. */
  keep(source: SourceId, seconds: number, expired?: () => void): void {
    this.forget();
    this.#wait(seconds * 1000, () => {
      this.#sweep(source);
      expired?.();
    });
  }

  /** The peer is back. What it has not preserved in its forwarding goes at once, the rest has until End-of-RIB. */
  returned(source: SourceId, preserved: boolean): void {
    if (!this.#restart) return;
    if (!preserved) this.#sweep(source);
    else this.#wait(LONGEST_MILLISECONDS, () => this.#sweep(source));
  }

  endOfRib(source: SourceId): void {
    if (this.#restart) this.#sweep(source);
  }

  /** BoRR. One before the End-of-RIB of a restart is ignored: what is stale then is that restart's. */
  beginRefresh(source: SourceId): void {
    if (this.#restart) return;
    this.#table.markStale(source);
    this.#refresh?.cancel();
    this.#refresh = this.#clock.after(LONGEST_MILLISECONDS, () => this.endRefresh(source));
  }

  /** EoRR; it means nothing without a BoRR. */
  endRefresh(source: SourceId): void {
    if (this.#refresh) this.#sweep(source);
  }

  /** Nothing is waited for any more; what is stale is swept, or kept, by somebody else. */
  forget(): void {
    this.#restart?.cancel();
    this.#refresh?.cancel();
    this.#restart = this.#refresh = undefined;
  }

  #wait(milliseconds: number, expired: () => void): void {
    this.#restart?.cancel();
    this.#keptUntil = this.#clock.now() + milliseconds;
    this.#restart = this.#clock.after(milliseconds, expired);
  }

  #sweep(source: SourceId): void {
    this.forget();
    this.#table.sweepStale(source);
  }
}
