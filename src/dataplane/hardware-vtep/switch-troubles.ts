/**
 * What an operator must hear of a switch, in words: that it is not connected and why, that the database is not what was expected,
 * faults that it reports, and what could not be written of logical switches and bindings.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import type { OvsdbSession, StreamSource } from '../../ovsdb/index.ts';
import type { DriverSink } from '../driver.ts';
import type { Inventory } from './inventory.ts';
import type { StructureWriter } from './structure-writer.ts';

export interface SwitchTroublesParts {
  readonly switchName: string;
  readonly source: StreamSource;
  readonly session: OvsdbSession;
  readonly structure: StructureWriter;
  readonly clock: Clock;
  inventory(): Inventory;
  sink(): DriverSink | undefined;
}

/** Only a switch that is not there at once is worth a word. */
const PATIENCE_MILLISECONDS = 2000;

export class SwitchTroubles {
  readonly #parts: SwitchTroublesParts;
  #patience: Timer | undefined;

  constructor(parts: SwitchTroublesParts) {
    this.#parts = parts;
  }

  /** The switch is not connected (yet): tells in a while, unless it is by then. */
  expectConnection(): void {
    this.#patience ??= this.#parts.clock.after(PATIENCE_MILLISECONDS, () => {
      this.#patience = undefined;
      this.tell();
    });
  }

  /** Something may have changed. */
  tell(): void {
    const { session, structure, inventory, sink, switchName } = this.#parts;
    const { isReady } = session;
    if (this.#patience && !isReady) return;
    this.close();
    const said = (texts: readonly string[]): string | undefined =>
      isReady && texts.length > 0 ? texts.join('; ') : undefined;
    sink()?.problem('switch', isReady ? missingOf(inventory()) : this.#absence());
    const { faults } = inventory();
    sink()?.problem(
      'switch-faults',
      said(faults.length > 0 ? [`${switchName} reports ${faults.join(', ')}`] : []),
    );
    const failures = [...structure.failures].map(([about, why]) => `${about}: ${why}`);
    const bindings = structure
      .bindingStates()
      .flatMap(({ state, port, vlan, reason }) =>
        state === 'failed' ? [`port ${port}, VLAN ${vlan}: ${reason}`] : [],
      );
    sink()?.problem('switch-bindings', said([...failures, ...bindings]));
  }

  close(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  #absence(): string {
    const { session, switchName, source } = this.#parts;
    if (session.state === 'standby') return `${switchName}: another controller has the lock`;
    const why = session.lastError?.message ?? `it has not ${source.waits ? 'dialled' : 'answered'} yet`;
    return `${switchName} (${source.name}) is not connected: ${why}`;
  }
}

/** What the database lacks for the switch to be a VTEP; undefined when nothing. */
export function missingOf({ uuid, name, vtep, otherSwitches }: Inventory): string | undefined {
  if (uuid === undefined) {
    return `the database has no Physical_Switch ${name}; it has ${otherSwitches.join(', ') || 'none'}`;
  }
  return vtep ? undefined : `${name} has no IPv4 address in tunnel_ips: it cannot be a VTEP`;
}
