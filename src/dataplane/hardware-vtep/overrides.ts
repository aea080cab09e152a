/**
 * Local rows whose MAC we have put behind a tunnel. The switch is to take such a row out; it is then news when the host is back. A
 * row that stays says that the host was back before the switch had a look, so after a while it counts again. A switch
 * that never takes rows out is asked ever more rarely.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { Uuid } from '../../ovsdb/index.ts';

/** Emulators look once a second or two; chips are quicker. */
const FIRST_MILLISECONDS = 5000;
const LONGEST_MILLISECONDS = 300_000;

interface Override {
  count: number;
  timer: Timer | undefined;
}

export class Overrides {
  readonly #clock: Clock;
  readonly #stayed: (uuid: Uuid) => void;
  readonly #rows = new Map<Uuid, Override>();

  /** `stayed` is told of a row that the switch has left in place; it tells by `gone` of one that it has not. */
  constructor(clock: Clock, stayed: (uuid: Uuid) => void) {
    this.#clock = clock;
    this.#stayed = stayed;
  }

  add(uuid: Uuid): void {
    const override = this.#rows.get(uuid) ?? { count: 0, timer: undefined };
    this.#rows.set(uuid, override);
    override.timer?.cancel();
    const wait = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** override.count++);
    override.timer = this.#clock.after(wait, () => this.#stayed(uuid));
  }

  gone(uuid: Uuid): void {
    this.#rows.get(uuid)?.timer?.cancel();
    this.#rows.delete(uuid);
  }

  clear(): void {
    for (const { timer } of this.#rows.values()) timer?.cancel();
    this.#rows.clear();
  }
}
