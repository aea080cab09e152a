/** The open-addressing table, against a Map of strings under random inserts and removals. */
import fc from 'fast-check';
import t from 'tap';
import { grown, KeyTable } from '../../src/base/key-table.ts';

t.test('a key gets one row, kept until it is removed', (t) => {
  const table = new KeyTable(3);
  const a = table.insert(Int32Array.of(1, 2, 3));
  const b = table.insert(Int32Array.of(9, 1, 2, 4), 1);
  t.not(a, b);
  t.equal(table.insert(Int32Array.of(1, 2, 3)), a);
  t.equal(table.find(Int32Array.of(1, 2, 4)), b);
  t.equal(table.find(Int32Array.of(1, 2, 5)), -1);
  t.equal(table.size, 2);
  t.same([table.word(b, 0), table.word(b, 1), table.word(b, 2)], [1, 2, 4]);
  table.removeRow(a);
  t.notOk(table.isUsed(a));
  t.equal(table.find(Int32Array.of(1, 2, 3)), -1);
  t.throws(() => table.removeRow(a), { message: /is not in use/ });
  t.equal(table.insert(Int32Array.of(7, 7, 7)), a, 'a freed row is used again');
  t.end();
});

t.test('rows and words survive growth', (t) => {
  const table = new KeyTable(2, 8);
  const rows: number[] = [];
  for (let i = 0; i < 5000; i++) rows.push(table.insert(Int32Array.of(i, -i)));
  t.ok(table.capacity >= 5000);
  t.equal(table.rowLimit, 5000);
  t.ok(rows.every((row, i) => table.find(Int32Array.of(i, -i)) === row && table.word(row, 0) === i));
  t.end();
});

t.test('agrees with a Map under any inserts and removals', (t) => {
  // Few distinct words, so that keys come back, collide and are removed from the middle of clusters.
  const step = fc.tuple(fc.boolean(), fc.nat(40), fc.nat(3));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new KeyTable(2, 8);
      const model = new Map<string, number>();
      for (const [insert, high, low] of steps) {
        const key = Int32Array.of(high * 1024, low);
        const name = key.join();
        if (insert) model.set(name, table.insert(key));
        else {
          const row = table.find(key);
          if (row !== (model.get(name) ?? -1)) return false;
          if (row >= 0) table.removeRow(row);
          model.delete(name);
        }
        if (table.size !== model.size) return false;
      }
      const used = [...model.values()];
      return (
        new Set(used).size === used.length &&
        [...model].every(([name, row]) => table.find(Int32Array.from(name.split(','), Number)) === row)
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('grown keeps the kind and the values of an array', (t) => {
  const array = grown(Uint16Array.of(1, 2), 4);
  t.same(array, Uint16Array.of(1, 2, 0, 0));
  t.end();
});
