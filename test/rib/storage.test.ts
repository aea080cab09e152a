/** The storage under the table, each part against the plain collection that it stands for. */
import fc from 'fast-check';
import t from 'tap';
import { AnnouncedBySet } from '../../src/rib/announced-by-set.ts';
import { ByteTable } from '../../src/rib/byte-table.ts';
import { KeyArena, MAX_KEY_OCTETS } from '../../src/rib/key-arena.ts';
import { KeyBatch } from '../../src/rib/key-batch.ts';
import { RowSet } from '../../src/rib/row-set.ts';

t.test('RowSet: agrees with a Set under any additions, removals and takes', (t) => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('add'), row: fc.nat(5000) }),
    fc.record({ type: fc.constant('delete'), row: fc.nat(5000) }),
    fc.record({ type: fc.constant('word'), row: fc.nat(4000) }),
    fc.record({ type: fc.constant('take'), row: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const set = new RowSet(8);
      const model = new Set<number>();
      const rows = new Int32Array(64);
      for (const { type, row } of steps) {
        if (type === 'add' && set.add(row) === model.has(row)) return false;
        if (type === 'delete' && set.delete(row) !== model.delete(row)) return false;
        if (type === 'add') model.add(row);
        if (type === 'word') {
          set.addWord(row >>> 5, 0x80000005 | 0);
          for (const bit of [0, 2, 31]) model.add((row & ~31) + bit);
        }
        if (type === 'take') {
          const taken = set.take(rows, row);
          if (taken !== Math.min(row, model.size)) return false;
          for (let i = 0; i < taken; i++) if (!model.delete(rows[i]!)) return false;
        }
        if (set.size !== model.size) return false;
      }
      return [...model].every((row) => set.has(row));
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('RowSet: rows are taken in turn, so that none waits more than two passes', (t) => {
  const set = new RowSet();
  for (const row of [10, 500, 900]) set.add(row);
  const rows = new Int32Array(1);
  const order: number[] = [];
  for (let i = 0; i < 6; i++) {
    set.take(rows, 1);
    order.push(rows[0]!);
    set.add(rows[0] === 10 ? 11 : 10);
  }
  t.same(order.slice(0, 4), [10, 500, 900, 10]);
  t.ok(set.passes >= 1);
  t.end();
});

t.test('ByteTable: equal octets have one id, others another, and freed ids and space are used again', (t) => {
  const step = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 40, max: 2 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new ByteTable(4);
      const model = new Map<string, { id: number; references: number; generation: number }>();
      for (const [retain, octets] of steps) {
        const held = model.get(octets.join());
        if (retain) {
          const id = table.intern(octets);
          if (held !== undefined && held.id !== id) return false;
          table.retain(id);
          model.set(octets.join(), {
            id,
            references: (held?.references ?? 0) + 1,
            generation: table.generation(id),
          });
        } else if (held !== undefined) {
          table.release(held.id);
          held.references--;
          if (held.references === 0) {
            model.delete(octets.join());
            if (table.generation(held.id) === held.generation) return false;
          }
        }
        if (table.size !== model.size) return false;
      }
      return [...model].every(
        ([name, { id, references }]) =>
          table.bytes(id).join() === name &&
          table.references(id) === references &&
          table.generation(id) === model.get(name)!.generation,
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('ByteTable: churn of many blocks does not grow the arena', (t) => {
  const table = new ByteTable();
  const block = new Uint8Array(100);
  const round = (seed: number): void => {
    const ids: number[] = [];
    for (let i = 0; i < 500; i++) {
      block[0] = i;
      block[1] = i >>> 8;
      block[2] = seed;
      const id = table.intern(block);
      table.retain(id);
      ids.push(id);
    }
    for (const id of ids) table.release(id);
  };
  round(0);
  const octets = table.octets;
  for (let seed = 1; seed < 50; seed++) round(seed);
  t.equal(table.octets, octets);
  t.equal(table.size, 0);
  t.end();
});

/** Keys that differ in length only, or in the last octet only, are likely; so are all slot sizes. */
const anyKey = fc
  .tuple(
    fc.constantFrom(1, 18, 25, 27, 28, 37, 39, 40, 66, 79, 80, 255, MAX_KEY_OCTETS),
    fc.nat(3),
    fc.nat(2),
  )
  .map(([length, first, last]) => {
    const key = new Uint8Array(length);
    key[length - 1] = last;
    key[0] = first + 1;
    return key;
  });

/** Batches of keys, each to be inserted or removed as a whole: a key may stand in one several times. */
const anyBatch = fc.tuple(fc.boolean(), fc.array(anyKey, { minLength: 1, maxLength: 12 }));

t.test('KeyArena: agrees with a Map for keys of every length, under any batches', (t) => {
  fc.assert(
    fc.property(fc.array(anyBatch, { maxLength: 100 }), (steps) => {
      const arena = new KeyArena();
      const batch = new KeyBatch();
      const model = new Map<string, number>();
      for (const [insert, keys] of steps) {
        batch.clear();
        for (const key of keys) {
          batch.octets.set(key, batch.at);
          batch.add(key.length);
        }
        arena.touch(batch);
        const removed = new Int32Array(keys.length);
        let count = 0;
        for (const [i, key] of keys.entries()) {
          const known = model.get(key.join());
          if (insert) {
            const row = arena.insert(batch, i);
            if (known !== undefined && known !== row) return false;
            model.set(key.join(), row);
          } else {
            if (arena.find(batch, i) !== (known ?? -1)) return false;
            if (known !== undefined && !removed.subarray(0, count).includes(known)) removed[count++] = known;
          }
        }
        arena.removeAll(removed, count);
        for (let i = 0; i < count; i++) if (arena.isUsed(removed[i]!)) return false;
        if (!insert) for (const key of keys) model.delete(key.join());
        if (arena.size !== model.size) return false;
      }
      return [...model].every(
        ([name, row]) =>
          arena.isUsed(row) && arena.bytes.subarray(arena.start(row), arena.end(row)).join() === name,
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

/** Most are of MAC+IPv4 routes; every slot size is there. */
const LENGTHS = [37, 25, 25, 70, 25, 250, 25];

t.test('KeyArena: rows are found after growth, and removed ones are used again', (t) => {
  const arena = new KeyArena();
  const batch = new KeyBatch();
  const key = (i: number): KeyBatch => {
    const octets = new Uint8Array(LENGTHS[i % LENGTHS.length]!);
    octets.set([i >>> 16, i >>> 8, i], octets.length - 4);
    return batch.only(octets, 0, octets.length);
  };
  const rows: number[] = [];
  for (let i = 0; i < 20_001; i++) rows.push(arena.insert(key(i), 0));
  t.equal(new Set(rows).size, 20_001);
  t.ok(rows.every((row, i) => arena.find(key(i), 0) === row));
  const limit = arena.rowLimit;
  t.ok(
    rows.every((row, i) => {
      const held = arena.bytes.subarray(arena.start(row), arena.end(row));
      const wanted = key(i).octets.subarray(0, LENGTHS[i % LENGTHS.length]);
      return held.join() === wanted.join();
    }),
    'with their octets',
  );
  arena.removeAll(Int32Array.from(rows.slice(1)), 20_000);
  arena.remove(rows[0]!);
  t.equal(arena.size, 0);
  t.throws(() => arena.remove(rows[0]!), { message: /is not in use/ });
  for (let i = 0; i < 20_001; i++) arena.insert(key(i + 600_000), 0);
  t.equal(arena.rowLimit, limit);
  t.end();
});

t.test('AnnouncedBySet: lists and counts agree with a Map, whatever is added and removed', (t) => {
  const step = fc.record({ route: fc.nat(40), set: fc.integer({ min: 1, max: 200 }), source: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const bySet = new AnnouncedBySet();
      const model = new Map<number, { set: number; source: number }>();
      for (const { route, set, source } of steps) {
        const known = model.get(route);
        if (known === undefined) {
          bySet.add(route, set, source);
          model.set(route, { set, source });
        } else {
          bySet.remove(route, known.set, known.source);
          model.delete(route);
        }
      }
      for (let set = 1; set < bySet.setLimit; set++) {
        const mine = [...model].filter(([, one]) => one.set === set);
        const listed: number[] = [];
        bySet.forEach(set, (route) => listed.push(route));
        if (
          listed.sort().join() !==
          mine
            .map(([route]) => route)
            .sort()
            .join()
        )
          return false;
        for (let source = 0; source < 4; source++) {
          const others = mine.filter(([, one]) => one.source !== source).length;
          if (bySet.countExcept(set, source) !== others) return false;
        }
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('KeyArena: rows that change hands while the arena doubles keep their octets', (t) => {
  const arena = new KeyArena();
  const batch = new KeyBatch();
  const model = new Map<number, number>();
  const key = (i: number): KeyBatch => {
    const octets = new Uint8Array(i % 2 === 0 ? 25 : 37);
    octets.set([i >>> 16, i >>> 8, i, 1]);
    return batch.only(octets, 0, octets.length);
  };
  const insert = (i: number): void => void model.set(i, arena.insert(key(i), 0));
  const remove = (i: number): void => {
    arena.remove(model.get(i)!);
    model.delete(i);
  };
  // Rows of one size go and come again while those of the other only come.
  for (let i = 0; i < 40_000; i += 2) insert(i);
  for (let i = 1; i < 80_000; i += 2) {
    insert(i);
    if (i < 40_000) remove(i - 1);
    if (i % 5 === 0 && i < 40_000) insert(i - 1);
  }
  const used = Array.from({ length: arena.rowLimit }, (_, row) => row).filter((row) => arena.isUsed(row));
  t.equal(used.length, model.size);
  for (let i = 0; i < 40_000; i += 2) insert(i);
  t.equal(arena.size, model.size);
  const octetsOf = (row: number): string => arena.bytes.subarray(arena.start(row), arena.end(row)).join();
  t.ok(
    [...model].every(
      ([i, row]) =>
        octetsOf(row) ===
        key(i)
          .octets.subarray(0, i % 2 ? 37 : 25)
          .join(),
    ),
  );
  t.ok([...model].every(([i, row]) => arena.find(key(i), 0) === row));
  t.end();
});
