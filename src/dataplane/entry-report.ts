/** What people are told of the entries: views, counts, and in words what cannot be written and who fights over what. */
import { KIND, PART } from './driver.ts';
import { DECISION, type EntryStore, ERROR_UNKNOWN } from './entry-store.ts';
import { type EntryTable, ROW } from './entry-table.ts';
import type { EntryView } from './interfaces.ts';

/** From this many foreign edits of one entry on, somebody is told that two programs fight. */
export const FIGHT_EDITS = 5;

export interface Trouble {
  readonly failed: string | undefined;
  readonly fought: string | undefined;
}

export class EntryReport {
  readonly #store: EntryStore;
  readonly #errorText: (code: number) => string;

  constructor(store: EntryStore, errorText: (code: number) => string) {
    this.#store = store;
    this.#errorText = errorText;
  }

  /** Desired entries, of one VNI or of all; each view is made when it is asked for. */
  *entries(vni: number | undefined): Iterable<EntryView> {
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!isDesired(table, row)) continue;
        if (vni === undefined || table.vni(row) === vni) yield this.#view(table, row);
      }
    }
  }

  count(): { readonly desired: number; readonly installed: number } {
    let desired = 0;
    let installed = 0;
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!isDesired(table, row)) continue;
        desired++;
        if ((table.state[row]! & ROW.FAILED) === 0 && this.#store.isInstalled(table, row)) installed++;
      }
    }
    return { desired, installed };
  }

  /** One example each stands for all: the views show the rest. */
  trouble(): Trouble {
    let failures = 0;
    let failed = '';
    let fought = '';
    for (const table of this.#store.tables) {
      for (let row = 0; row < table.rowLimit; row++) {
        if (!table.keys.isUsed(row)) continue;
        if ((table.state[row]! & ROW.FAILED) !== 0 && failures++ === 0) {
          failed = `${this.#store.describe(table, row)}: ${this.#errorOf(table, row)}`;
        } else if (fought === '' && table.attempts[row]! >= FIGHT_EDITS && isDesired(table, row)) {
          fought = this.#store.describe(table, row);
        }
      }
    }
    const entries = failures === 1 ? 'entry' : 'entries';
    const fight = 'Another program keeps changing what evpnd wrote; evpnd repairs it ever more slowly; one:';
    return {
      failed:
        failures === 0 ? undefined : `${failures} forwarding ${entries} cannot be written; one: ${failed}`,
      fought: fought === '' ? undefined : `${fight} ${fought}`,
    };
  }

  #view(table: EntryTable, row: number): EntryView {
    if ((table.state[row]! & ROW.FAILED) !== 0) {
      return this.#store.view(table, row, 'failed', this.#errorOf(table, row));
    }
    if (this.#store.isInstalled(table, row)) return this.#store.view(table, row, 'installed', undefined);
    return this.#store.view(table, row, 'pending', this.#reasonToWait(table, row));
  }

  #reasonToWait(table: EntryTable, row: number): string | undefined {
    const record = this.#store.vni(table.vni(row));
    if (!record.state) return `VNI ${record.vni} is not in the dataplane`;
    if (!record.ensured) return `VNI ${record.vni} is not configured`;
    if (!record.dumped) return 'not yet read what is there';
    if ((table.state[row]! & ROW.YIELDED) !== 0) return 'the MAC was learned at a local port';
    return undefined;
  }

  #errorOf(table: EntryTable, row: number): string {
    const code = table.error[row]!;
    if (code === ERROR_UNKNOWN) return 'nobody answered whether it was written; reading it again';
    if (code !== DECISION.CONFLICT) return this.#errorText(code);
    if ((table.parts[row]! & PART.OBSTACLE) !== 0) {
      return table.kind === KIND.MAC
        ? "a permanent entry of the bridge is in the way (an address of this leaf, or another program's); evpnd leaves it alone"
        : 'this leaf has the address itself; evpnd leaves it alone';
    }
    const held = this.#store.describeActual(table, row);
    return `another program's entry is in the way (${held}); evpnd leaves it alone`;
  }
}

const isDesired = (table: EntryTable, row: number): boolean =>
  table.keys.isUsed(row) && (table.state[row]! & ROW.DESIRED) !== 0;
