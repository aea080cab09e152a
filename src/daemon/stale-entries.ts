/**
 * When may forwarding entries of an earlier run go that nobody has claimed since? Once every neighbour has sent what it
 * has (its End-of-RIB marker, RFC 4724 section 2), or has had the time to: too early cuts traffic, never would leave
 * black holes behind.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { type Negotiated, promisesEndOfRib } from '../session/index.ts';

/** After the last session came up: for peers that send no End-of-RIB marker (GoBGP without graceful restart). */
const QUIET_MILLISECONDS = 10_000;
/** After the start: for peers that do not come up at all. */
const LONGEST_MILLISECONDS = 120_000;

export interface Progress {
  /** Neighbours that should be up. */
  readonly expected: number;
  readonly established: number;
  readonly complete: number;
  /** Of those that are not complete: they have said that they will send the marker. */
  readonly promised: number;
}

/** What of a neighbour counts. */
interface ProgressPeer {
  readonly config: { readonly shutdown?: unknown };
  readonly peer: { readonly negotiated: Negotiated | undefined };
  readonly isEstablished: boolean;
  readonly endOfRibSeen: boolean;
}

export function progressOf(neighbours: Iterable<ProgressPeer>): Progress {
  let [expected, established, complete, promised] = [0, 0, 0, 0];
  for (const { config, peer, isEstablished, endOfRibSeen } of neighbours) {
    if (!config.shutdown) expected++;
    if (!isEstablished) continue;
    established++;
    if (endOfRibSeen) complete++;
    else if (peer.negotiated && promisesEndOfRib(peer.negotiated)) promised++;
  }
  return { expected, established, complete, promised };
}

export class StaleEntries {
  readonly #clock: Clock;
  readonly #progress: () => Progress;
  readonly #prune: () => void;
  readonly #longest: Timer;
  #quiet: Timer | undefined;
  #done = false;

  /** @param prune called once, when the time has come */
  constructor(clock: Clock, progress: () => Progress, prune: () => void) {
    this.#clock = clock;
    this.#progress = progress;
    this.#prune = prune;
    this.#longest = clock.after(LONGEST_MILLISECONDS, () => this.#finish());
  }

  /** A session came up or ended, or an End-of-RIB marker came. */
  update(): void {
    if (this.#done) return;
    const { expected, established, complete, promised } = this.#progress();
    this.#quiet?.cancel();
    this.#quiet = undefined;
    if (established === 0 || established < expected) return;
    if (complete === established) this.#finishSoon();
    // A reflector that restarts itself sends nothing until it has heard all of its peers: RFC 4724 section 4.1.
    else if (promised === 0) this.#quiet = this.#clock.after(QUIET_MILLISECONDS, () => this.#finish());
  }

  cancel(): void {
    this.#done = true;
    this.#quiet?.cancel();
    this.#longest.cancel();
  }

  /** What the last marker completed must first reach the forwarding table. */
  #finishSoon(): void {
    this.#quiet = this.#clock.after(1000, () => this.#finish());
  }

  #finish(): void {
    if (this.#done) return;
    this.cancel();
    this.#prune();
  }
}
