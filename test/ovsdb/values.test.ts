import t from 'tap';
import { applyDifference, parseEndpoint, printEndpoint, shapeOf } from '../../src/ovsdb/index.ts';
import { failureOf } from '../../src/ovsdb/transaction.ts';

t.test('endpoints: what Open vSwitch writes is read, and printed the same', async (t) => {
  for (const text of [
    ...['unix:/run/db.sock', 'punix:/run/db.sock', 'tcp:10.0.0.5:6640', 'ssl:switch5.example:6641'],
    ...['tcp:[fd00::5]:6640', 'ptcp:6640', 'pssl:6640:10.0.0.1', 'ptcp:6640:[fd00::1]'],
  ]) {
    t.equal(printEndpoint(parseEndpoint(text)!), text);
  }
  t.equal(printEndpoint(parseEndpoint('tcp:10.0.0.5')!), 'tcp:10.0.0.5:6640', 'the port of IANA');
  for (const text of [
    '',
    'tcp:',
    'tcp:10.0.0.5:0',
    'tcp:10.0.0.256:1',
    'udp:1.1.1.1:1',
    'unix:db',
    'ptcp:x',
    'ptcp:1:host',
  ]) {
    t.equal(parseEndpoint(text), undefined, text);
  }
});

t.test('ovsdb-server(7) Update2: differences of sets and maps, scalars whole', async (t) => {
  t.equal(shapeOf({ type: 'string' }), 'scalar');
  t.equal(shapeOf({ type: { key: 'integer', min: 0, max: 1 } }), 'scalar');
  t.equal(shapeOf({ type: { key: 'string', min: 0, max: 'unlimited' } }), 'set');
  t.equal(shapeOf({ type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } }), 'map');
  t.equal(applyDifference('scalar', 'a', 'b'), 'b');
  t.same(applyDifference('set', ['set', ['a', 'b']], ['set', ['b', 'c']]), ['set', ['a', 'c']]);
  t.same(applyDifference('set', 'a', 'a'), ['set', []], 'the last member goes');
  t.same(applyDifference('set', undefined, 'a'), ['set', ['a']]);
  const map = [
    'map',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ];
  t.same(
    applyDifference('map', map, [
      'map',
      [
        ['a', '1'],
        ['b', '3'],
        ['c', '4'],
      ],
    ]),
    [
      'map',
      [
        ['b', '3'],
        ['c', '4'],
      ],
    ],
  );
});

t.test('RFC 7047 section 4.1.3: which operation failed, or that the commit did', async (t) => {
  t.equal(failureOf([{}, { count: 1 }], 2), undefined);
  t.same(failureOf([{}, { error: 'timed out' }, null], 3), { operation: 1, text: 'timed out' });
  const commit = { error: 'referential integrity violation', details: 'x' };
  t.same(failureOf([{}, {}, commit], 2), {
    operation: undefined,
    text: 'referential integrity violation: x',
  });
});
