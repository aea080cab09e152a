/**
 * The restart of this very speaker: whether this run follows one whose routes peers may be keeping, what is said of that in
 * OPENs, and until when announcements are held back so that nobody forgets what is about to come again.
 *
 * RFC 4724 section 4.1 (restarting speaker); per address family, since route target memberships (RFC 4684) go before routes:
 * a peer sends its routes only when it knows which ones are wanted.
 */
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { GracefulRestartConfig } from '../config/index.ts';
import type { Rib } from '../rib/index.ts';
import { promisesEndOfRib, type RestartState } from '../session/index.ts';
import { Keepers } from './keepers.ts';
import type { Neighbour } from './neighbour.ts';
import type { EarlierRun, RunRecord } from './run-record.ts';
import { type DeferralPeer, SelectionDeferral } from './selection-deferral.ts';

export interface GracefulRestartParts {
  readonly config: GracefulRestartConfig;
  readonly record: RunRecord;
  /** Forwarding entries are in this machine's kernel: they outlive the process, but no other kernel has them. */
  readonly inKernel: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is needed of the neighbours. */
export interface RestartNeighbours {
  readonly all: Iterable<Neighbour>;
  mayCome(address: string): boolean;
  /** Connects to a peer that is not configured one by one, until `endInvitations`. */
  invite(address: string): void;
  endInvitations(): void;
  /** Routes of some are told to others: there are reflector clients, or external peers. */
  readonly passesOn: boolean;
}

/** Many sessions come up in a moment: the record is written once for all of them. */
const SAVE_MILLISECONDS = 100;

export class GracefulRestart implements RestartState {
  readonly #parts: GracefulRestartParts;
  #earlier: EarlierRun | undefined;
  #neighbours: RestartNeighbours | undefined;
  #rib: Rib | undefined;
  #routes: SelectionDeferral | undefined;
  #memberships: SelectionDeferral | undefined;
  readonly #keepers: Keepers;
  /** The next time that the record is written. */
  #saving: Timer | undefined;
  #savesAt = 0;
  #closed = false;

  constructor(parts: GracefulRestartParts) {
    this.#parts = parts;
    this.#keepers = new Keepers(parts.clock, parts.config.restartTimeSeconds);
  }

  /** Takes what the run before has left. Not before it is certain that it is over: the record may be a running daemon's. */
  load(): void {
    const { record, config } = this.#parts;
    if (config.mode !== 'restarter') {
      record.remove();
      return;
    }
    const earlier = record.load();
    // Nobody keeps the routes of a run that had no session for as long as the restart time.
    if (earlier && earlier.peers.length > 0) this.#earlier = earlier;
  }

  /** F bit. */
  get forwardingPreserved(): boolean {
    return this.#earlier !== undefined && (this.#earlier.sameKernel || !this.#parts.inKernel);
  }

  /** R bit. */
  get restarting(): boolean {
    return this.#earlier !== undefined && (this.#routes?.running ?? true);
  }

  /** The Selection_Deferral_Timer, and who is waited for; undefined when nothing is held back. */
  get deferral(): { readonly remainingSeconds: number; readonly awaited: readonly string[] } | undefined {
    if (!this.#routes?.running) return undefined;
    const { remainingSeconds, awaited } = this.#routes;
    return { remainingSeconds, awaited };
  }

  /** After `load`, before the first session; the neighbours have been made. */
  begin(neighbours: RestartNeighbours, rib: Rib): void {
    this.#neighbours = neighbours;
    this.#rib = rib;
    if (!this.#earlier) return;
    const { clock, config, log } = this.#parts;
    const { peers } = this.#earlier;
    this.#keepers.inherit(peers);
    const common = {
      clock,
      seconds: config.selectDeferTimeSeconds,
      expected: peers,
      mayCome: (address: string) => neighbours.mayCome(address),
    };
    log.info(
      { peers: peers.length, forwardingPreserved: this.forwardingPreserved },
      'graceful restart: an earlier run has ended without taking its leave of its peers',
    );
    rib.deferSelection();
    this.#memberships = new SelectionDeferral({
      ...common,
      up: () => present(neighbours.all, (neighbour) => neighbour.membershipsEnded),
      ended: () => rib.memberships.sendEnds(),
    });
    this.#routes = new SelectionDeferral({
      ...common,
      up: () => present(neighbours.all, (neighbour) => neighbour.endOfRibSeen),
      ended: (missing) => this.#ended(missing),
    });
    for (const address of peers) neighbours.invite(address);
  }

  /**
   * What is behind our own ports is in the RIB. A leaf among reflectors announces nothing but that, and
   * no route of a peer has a part in it: it has nothing to select from and nothing to wait for.
   */
  learned(): void {
    this.#memberships?.learned();
    this.#routes?.learned();
    if (this.#neighbours?.passesOn === false) this.#rib?.select();
  }

  /** A session came up or ended, or an End-of-RIB marker came. */
  update(): void {
    this.#memberships?.update();
    this.#routes?.update();
    this.#saveSoon();
  }

  /** The configuration is another one: others may come now. */
  reconfigured(): void {
    this.#memberships?.reconfigured();
    this.#routes?.reconfigured();
  }

  /** This run ends. `graceful`: the next one is to follow it. */
  close({ graceful }: { readonly graceful: boolean }): void {
    this.#closed = true;
    this.#saving?.cancel();
    if (!graceful) this.#parts.record.remove();
    else if (!this.restarting) this.#save();
    this.#memberships?.cancel();
    this.#routes?.cancel();
  }

  #ended(missing: readonly string[]): void {
    const { log } = this.#parts;
    if (missing.length === 0) log.info({}, 'graceful restart is over: has the routes of all peers');
    else log.warn({ missing }, 'graceful restart is over: these peers have not told their routes');
    this.#rib!.select();
    this.#neighbours!.endInvitations();
    this.#saveSoon();
  }

  /** Until announcements begin, the peers are those of the earlier run: they still keep its routes. */
  #saveSoon(): void {
    if (!this.restarting) this.#saveIn(SAVE_MILLISECONDS);
  }

  #saveIn(milliseconds: number): void {
    if (this.#closed || this.#parts.config.mode !== 'restarter') return;
    const { clock } = this.#parts;
    const at = clock.now() + milliseconds;
    if (this.#saving && this.#savesAt <= at) return;
    this.#saving?.cancel();
    this.#savesAt = at;
    this.#saving = clock.after(milliseconds, () => {
      this.#saving = undefined;
      this.#save();
    });
  }

  #save(): void {
    if (this.#parts.config.mode !== 'restarter') return;
    const { peers, forgetIn } = this.#keepers.now(this.#neighbours?.all ?? []);
    this.#parts.record.save(peers);
    if (forgetIn !== undefined) this.#saveIn(forgetIn);
  }
}

function* present(
  neighbours: Iterable<Neighbour>,
  hasEnded: (neighbour: Neighbour) => boolean,
): Generator<DeferralPeer> {
  for (const neighbour of neighbours) {
    const { negotiated } = neighbour.peer;
    if (!neighbour.isEstablished || !negotiated) continue;
    yield {
      address: neighbour.address,
      isThrough: !promisesEndOfRib(negotiated) || hasEnded(neighbour),
      hasRestarted: negotiated.gracefulRestart?.restarting ?? false,
    };
  }
}
