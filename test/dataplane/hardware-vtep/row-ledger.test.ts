/** The list of rows that are ours: what was added and not removed is known again, also after a write that was cut anywhere. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { AddressTable } from '../../../src/base/address-table.ts';
import { ip } from '../../../src/base/ip.ts';
import { RowLedger } from '../../../src/dataplane/hardware-vtep/row-ledger.ts';

const RECORD_OCTETS = 16;
const VTEPS = ['10.0.0.1', '10.0.0.2', '255.255.255.255'];

interface Step {
  readonly kind: 'mac' | 'flood';
  readonly add: boolean;
  readonly vni: number;
  readonly mac: number;
  readonly vtep: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('mac', 'flood'),
  add: fc.boolean(),
  vni: fc.constantFrom(1, 10, 0xffffff),
  mac: fc.constantFrom(1, 2, 0xffffffff | 0),
  vtep: fc.nat(VTEPS.length - 1),
});

/** What is known after each step that changed something; a MAC is at one VTEP, flooding goes to several. */
function* states(steps: readonly Step[]): Generator<ReadonlyMap<string, number>> {
  const known = new Map<string, number>();
  yield new Map(known);
  for (const { kind, add, vni, mac, vtep } of steps) {
    const key = kind === 'mac' ? `mac ${vni} ${mac}` : `flood ${vni} ${vtep}`;
    if (add ? known.get(key) === vtep : !known.has(key)) continue;
    if (add) known.set(key, vtep);
    else known.delete(key);
    yield new Map(known);
  }
}

t.test('what was added and not removed is known again, up to where the file was cut', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-ledger-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'rows');
  const open = () => {
    const addresses = new AddressTable();
    const ids = VTEPS.map((text) => addresses.intern(ip(text)));
    const ledger = new RowLedger(path, addresses, (text) => {
      if (text !== undefined) throw new Error(text);
    });
    ledger.open();
    const known = (): ReadonlyMap<string, number> => {
      const found = new Map<string, number>();
      for (const vni of [1, 10, 0xffffff]) {
        for (const [vtep, id] of ids.entries()) {
          for (const mac of [1, 2, -1])
            if (ledger.hasMac(vni, 0x0200, mac, id)) found.set(`mac ${vni} ${mac}`, vtep);
          if (ledger.hasFlood(vni, id)) found.set(`flood ${vni} ${vtep}`, vtep);
        }
      }
      return found;
    };
    return { ledger, ids, known };
  };
  const sorted = (known: ReadonlyMap<string, number> | undefined) => JSON.stringify([...known!].sort());
  const law = () =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(), (steps, cut) => {
        rmSync(path, { force: true });
        const first = open();
        for (const { kind, add, vni, mac, vtep } of steps) {
          const id = first.ids[vtep]!;
          if (kind === 'mac' && add) first.ledger.addMac(vni, 0x0200, mac, id);
          else if (kind === 'mac') first.ledger.removeMac(vni, 0x0200, mac);
          else if (add) first.ledger.addFlood(vni, id);
          else first.ledger.removeFlood(vni, id);
        }
        first.ledger.close();
        const wanted = [...states(steps)];
        const { size } = statSync(path);
        const whole = size === (wanted.length - 1) * RECORD_OCTETS;
        const left = cut % (size + 1);
        truncateSync(path, left);
        const second = open();
        const state = wanted[Math.floor(left / RECORD_OCTETS)];
        const isKnown = sorted(second.known()) === sorted(state);
        second.ledger.close();
        const isCompact = readFileSync(path).length === state!.size * RECORD_OCTETS;
        const third = open();
        const isKnownAgain = sorted(third.known()) === sorted(state);
        third.ledger.close();
        return whole && isKnown && isCompact && isKnownAgain;
      }),
      { numRuns: 150 },
    );
  t.doesNotThrow(law);
});
