/**
 * Local rows whose MAC we have put behind a tunnel. The switch is to take such a row out; it is then news when the host is back. A
 * row that stays says that the host was back before the switch had a look, so after a while it counts again. A switch
 * that never takes rows out is asked ever more rarely.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { IpBytes } from '../../base/ip.ts';
import type { Uuid } from '../../ovsdb/index.ts';
import { MAC_ROW, type MacRows } from './mac-rows.ts';

/** Emulators look once a second or two; chips are quicker. */
const FIRST_MILLISECONDS = 5000;
const LONGEST_MILLISECONDS = 300_000;

interface Override {
  count: number;
  timer: Timer | undefined;
}

export class Overrides {
  readonly #local: MacRows;
  readonly #clock: Clock;
  readonly #stayed: (row: number) => void;
  readonly #rows = new Map<Uuid, Override>();

  /** `stayed` is told of a row that the switch has left in place; it tells by `gone` of one that it has not. */
  constructor(local: MacRows, clock: Clock, stayed: (row: number) => void) {
    this.#local = local;
    this.#clock = clock;
    this.#stayed = stayed;
  }

  /** The MAC was put behind a tunnel: its local rows do not count for now. Returns whether it had any; their addresses go to `left`. */
  override(logicalSwitch: number, macHigh: number, macLow: number, left: (ip: IpBytes) => void): boolean {
    const rows = this.#local;
    let overridden = false;
    for (let row = rows.first(logicalSwitch, macHigh, macLow); row >= 0; row = rows.next(row)) {
      if ((rows.flags[row]! & MAC_ROW.OVERRIDDEN) !== 0) continue;
      rows.flags[row]! |= MAC_ROW.OVERRIDDEN;
      this.#wait(rows.uuid(row));
      overridden = true;
      const ip = rows.ip(row);
      if (ip) left(ip);
    }
    return overridden;
  }

  gone(uuid: Uuid): void {
    this.#rows.get(uuid)?.timer?.cancel();
    this.#rows.delete(uuid);
  }

  clear(): void {
    for (const { timer } of this.#rows.values()) timer?.cancel();
    this.#rows.clear();
  }

  #wait(uuid: Uuid): void {
    const override = this.#rows.get(uuid) ?? { count: 0, timer: undefined };
    this.#rows.set(uuid, override);
    override.timer?.cancel();
    const wait = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** override.count++);
    override.timer = this.#clock.after(wait, () => this.#again(uuid));
  }

  /** The switch has left the row in place: the host is there. */
  #again(uuid: Uuid): void {
    const row = this.#local.find(uuid);
    if (row < 0) return;
    this.#local.flags[row]! &= ~MAC_ROW.OVERRIDDEN;
    this.#stayed(row);
  }
}
