/**
 * How long a speaker that has restarted holds back what it has to tell, in one address family. RFC 4724 section 4.1: "it MUST
 * defer route selection for an address family until it either (a) receives the End-of-RIB marker from all its peers
 * (excluding the ones with the 'Restart State' bit set in the received capability and excluding the ones that do not advertise the
 * graceful restart capability) or (b) the Selection_Deferral_Timer [...] has expired."
 *
 * What is held back is every announcement and so our own End-of-RIB: a helper sweeps on it what has not come by then. "All
 * its peers" are those that the run before had sessions with, and any other that comes meanwhile.
 */
import type { Clock, Timer } from '../base/clock.ts';

/** A peer with a session, in the family. */
export interface DeferralPeer {
  readonly address: string;
  /** It has sent its End-of-RIB, or will send none. */
  readonly isThrough: boolean;
  /** Its R bit: it may be waiting for us, as we would be for it. */
  readonly hasRestarted: boolean;
}

/**
 * A peer that has itself restarted is not waited for; but it may be one that waits for nobody, since all it has to tell is its
 * own, and then it does so within a moment. When nobody else is waited for, it is given that moment.
 */
const MOMENT_MILLISECONDS = 5000;

export interface DeferralParts {
  readonly clock: Clock;
  readonly seconds: number;
  /** Peers of the run before. */
  readonly expected: readonly string[];
  /** Peers whose sessions are up. */
  readonly up: () => Iterable<DeferralPeer>;
  /** Whether a peer that is not up may still come: it is configured, or in a listen range. */
  readonly mayCome: (address: string) => boolean;
  /** Called once; with those that were waited for in vain. */
  readonly ended: (missing: readonly string[]) => void;
}

export class SelectionDeferral {
  readonly #parts: DeferralParts;
  readonly #timer: Timer;
  #moment: Timer | undefined;
  /** All peers may come up in a moment, and looking at all of them is done once for many. */
  #looking: Timer | undefined;
  /** Of the run before, those that may come. */
  #possible: readonly string[] | undefined;
  readonly #endsAt: number;
  /** What is behind our own ports is known: before, an End-of-RIB would let peers forget hosts that are there. */
  #hasLearned = false;
  #running = true;

  constructor(parts: DeferralParts) {
    this.#parts = parts;
    this.#endsAt = parts.clock.now() + parts.seconds * 1000;
    this.#timer = parts.clock.after(parts.seconds * 1000, () => this.#end());
  }

  get running(): boolean {
    return this.#running;
  }

  /** Of the Selection_Deferral_Timer. */
  get remainingSeconds(): number {
    return this.#running ? Math.max(0, (this.#endsAt - this.#parts.clock.now()) / 1000) : 0;
  }

  /** Peers whose End-of-RIB is waited for. */
  get awaited(): readonly string[] {
    if (!this.#running) return [];
    const { expected, up, mayCome } = this.#parts;
    this.#possible ??= expected.filter(mayCome);
    const peers = [...up()];
    const present = new Set(peers.map(({ address }) => address));
    const toCome = this.#possible.filter((address) => !present.has(address));
    const toEnd = peers.filter(({ isThrough, hasRestarted }) => !isThrough && !hasRestarted);
    return [...toCome, ...toEnd.map(({ address }) => address)];
  }

  /** The local MACs and neighbours are in the RIB. */
  learned(): void {
    this.#hasLearned = true;
    this.update();
  }

  /** Others may come now. */
  reconfigured(): void {
    this.#possible = undefined;
    this.update();
  }

  /** A session came up or ended, or an End-of-RIB marker came. What follows from it does so soon. */
  update(): void {
    if (!this.#running || !this.#hasLearned) return;
    this.#looking ??= this.#parts.clock.soon(() => {
      this.#looking = undefined;
      this.#look();
    });
  }

  #look(): void {
    if (this.awaited.length > 0) {
      this.#moment?.cancel();
      this.#moment = undefined;
    } else if ([...this.#parts.up()].every(({ isThrough }) => isThrough)) this.#end();
    else this.#moment ??= this.#parts.clock.after(MOMENT_MILLISECONDS, () => this.#end());
  }

  cancel(): void {
    this.#running = false;
    this.#timer.cancel();
    this.#moment?.cancel();
    this.#looking?.cancel();
  }

  #end(): void {
    const missing = this.awaited;
    this.cancel();
    this.#parts.ended(missing);
  }
}
