/**
 * Troubles that last, by subject, until they are over: told by the dataplane, shown by `show evpn`, logged once, and sent
 * to `watch`.
 */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ProblemView } from '../control/api.ts';
import type { DataplaneEvents } from '../dataplane/interfaces.ts';
import type { EventStream } from './events.ts';

export class Problems {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: EventStream;
  readonly #bySubject = new Map<string, ProblemView>();

  constructor(clock: Clock, log: Logger, events: EventStream) {
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
  }

  get views(): readonly ProblemView[] {
    return [...this.#bySubject.values()];
  }

  /** Undefined text: the problem is over. */
  set(subject: string, text: string | undefined): void {
    const known = this.#bySubject.get(subject);
    if (known?.text === text) return;
    if (text === undefined) {
      this.#bySubject.delete(subject);
      this.#log.info({ subject }, 'problem is over');
    } else {
      const since = known?.since ?? new Date(this.#clock.wallTime()).toISOString();
      this.#bySubject.set(subject, { subject, text, since });
      this.#log.warn({ subject }, text);
    }
    this.#events.emit({ type: 'problem', subject, text });
  }

  /** Who told them under that name is no more. */
  forget(name: string): void {
    for (const subject of [...this.#bySubject.keys()]) {
      if (subject.endsWith(` ${name}`)) this.set(subject, undefined);
    }
  }

  /** The dataplane's events, passed on to `events`, with its problems kept here. */
  forward(events: DataplaneEvents): DataplaneEvents {
    return {
      instance: (state) => events.instance(state),
      instanceGone: (vni) => events.instanceGone(vni),
      localMac: (vni, mac, flags, port) => events.localMac(vni, mac, flags, port),
      localMacGone: (vni, mac) => events.localMacGone(vni, mac),
      localNeighbour: (vni, ip, mac, flags) => events.localNeighbour(vni, ip, mac, flags),
      localNeighbourGone: (vni, ip) => events.localNeighbourGone(vni, ip),
      vtepReachable: (vtep, reachable) => events.vtepReachable(vtep, reachable),
      settled: () => events.settled(),
      problem: (subject, text) => this.set(subject, text),
    };
  }
}
