import t from 'tap';
import { type Clock, systemClock } from '../../src/base/clock.ts';

import { begin, plain, SCHEMA, ScriptedServer, until } from './scripted-server.ts';

t.test('a server that knows no monitor_cond_since is monitored as RFC 7047 has it', async (t) => {
  const server = new ScriptedServer(plain);
  const { session, sink, change } = await begin(t, server);
  await change();
  t.equal(session.state, 'ready');
  t.equal(session.monitorMethod, 'monitor');
  t.equal(session.schemaVersion, '1.2.3');
  t.same([...sink.rows], [['u1', { name: 'one', members: ['set', []] }]]);
  server.send({
    method: 'update',
    params: ['x', { T: { u1: { old: { name: 'one' }, new: { name: 'two' } } } }],
    id: null,
  });
  await until(() => sink.rows.get('u1')?.name === 'two', 'the row changed');
  server.send({ method: 'update', params: ['x', { T: { u1: { old: { name: 'two' } } } }], id: null });
  await until(() => sink.rows.size === 0, 'the row went');
});

t.test(
  'monitor_cond_since: the last transaction is named again, and a picture that continues is not reset',
  async (t) => {
    let round = 0;
    const server = new ScriptedServer((call) => {
      if (call.method !== 'monitor_cond_since') return plain(call);
      const rows =
        round++ === 0 ? { u1: { initial: { name: 'one' } } } : { u1: { modify: { name: 'later' } } };
      return { result: [round > 1, `id${round}`, { T: rows }] };
    });
    const { sink, clock, change } = await begin(t, server);
    await change();
    server.send({
      method: 'update3',
      params: ['x', 'id7', { T: { u1: { modify: { members: 'a' } } } }],
      id: null,
    });
    await until(() => sink.lines.includes('modify u1 {"members":"a"}'), 'the difference is told');
    await server.call('monitor_cond_since');
    const lost = change();
    server.sockets[0]!.destroy();
    await lost;
    const back = change();
    clock.advance(1000);
    await back;
    const call = await server.call('monitor_cond_since');
    t.equal(call.params[3], 'id7');
    t.same(sink.lines.filter((line) => line === 'reset').length, 1);
    t.ok(sink.lines.includes('modify u1 {"name":"later"}'));
  },
);

t.test(
  'RFC 7047 section 4.1.5: what comes right behind the initial state, in the same octets, is told after it',
  async (t) => {
    const server = new ScriptedServer((call) => (call.method === 'monitor' ? undefined : plain(call)));
    const { sink, change } = await begin(t, server);
    const { id } = await server.call('monitor');
    const initial = { id, result: { T: { u1: { new: { name: 'one' } } } }, error: null };
    const update = {
      method: 'update',
      params: ['x', { T: { u1: { old: { name: 'one' }, new: { name: 'two' } } } }],
      id: null,
    };
    server.sockets[0]!.write(JSON.stringify(initial) + JSON.stringify(update));
    await change();
    await until(() => sink.lines.includes('replace u1'), 'the update is told');
    t.same(sink.lines, ['reset', 'settled', 'replace u1', 'settled']);
    t.same(sink.rows.get('u1'), { name: 'two' });
  },
);

/** Each look at it takes a millisecond: long work needs many slices, however fast the machine is. */
function slowClock(): Clock {
  let now = 0;
  return { ...systemClock, now: () => now++ };
}

const manyRows = (form: 'new' | 'initial', count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`u${i + 1}`, { [form]: { name: `row ${i + 1}` } }]),
  );

t.test(
  'a large picture is taken in slice by slice, and what comes behind it waits for its end',
  async (t) => {
    const server = new ScriptedServer((call) => (call.method === 'monitor' ? undefined : plain(call)));
    const { sink, session, change } = await begin(t, server, { clock: slowClock(), probeMilliseconds: 0 });
    const { id } = await server.call('monitor');
    const update = { T: { u1: { old: { name: 'row 1' }, new: { name: 'later' } } } };
    server.sockets[0]!.write(
      JSON.stringify({ id, result: { T: manyRows('new', 20_000) }, error: null }) +
        JSON.stringify({ method: 'update', params: ['x', update], id: null }),
    );
    const ready = change();
    const sizes = new Set<number>();
    await until(() => {
      if (session.state === 'syncing') sizes.add(sink.rows.size);
      return session.state === 'ready';
    }, 'all of it is taken in');
    await ready;
    t.ok(sizes.size > 10, `the event loop had ${sizes.size} turns meanwhile`);
    await until(() => sink.lines.includes('replace u1'), 'the update is told');
    t.same(sink.lines, ['reset', 'settled', 'replace u1', 'settled']);
    t.equal(sink.rows.size, 20_000);
  },
);

t.test('a picture of which only a part was taken in is not continued by the next connection', async (t) => {
  const asked: unknown[] = [];
  const server = new ScriptedServer((call) => {
    if (call.method !== 'monitor_cond_since') return plain(call);
    asked.push(call.params[3]);
    return { result: [false, 'id1', { T: manyRows('initial', asked.length === 1 ? 20_000 : 1) }] };
  });
  const { sink, session } = await begin(t, server, { clock: slowClock(), probeMilliseconds: 0 });
  await until(() => sink.rows.size > 1000, 'a part is taken in');
  server.sockets[0]!.destroy();
  await until(() => session.state === 'ready', 'it is connected again');
  const none = '00000000-0000-0000-0000-000000000000';
  t.same(asked, [none, none]);
  t.same(sink.lines, ['reset', 'reset', 'settled']);
  t.same([...sink.rows.keys()], ['u1']);
});

t.test('what cannot be taken in ends the connection and nothing else', async (t) => {
  for (const params of [
    ['x', 7],
    ['x', { T: { u1: { new: 'no row' } } }],
  ]) {
    const server = new ScriptedServer(plain);
    const { session, sink, change } = await begin(t, server);
    await change();
    sink.insert = (_table, uuid, row) => {
      sink.rows.set(uuid, { name: (row.name as string).slice(0) });
    };
    const lost = change();
    server.send({ method: 'update', params, id: null });
    await lost;
    t.match(session.lastError, { code: 'malformed', message: /^Cannot read what the switch sends: / });
  }
});

t.test('RFC 7047 section 4.1.11: echo is answered, and a silent server is probed and given up', async (t) => {
  const server = new ScriptedServer(plain);
  const { session, clock, change } = await begin(t, server, { probeMilliseconds: 5000 });
  await change();
  server.send({ method: 'echo', params: ['hello'], id: 'e1' });
  const reply = (await server.call('reply')) as unknown as { id: unknown; result: unknown };
  t.same([reply.id, reply.result], ['e1', ['hello']]);
  server.answer = () => undefined;
  clock.advance(5000);
  await server.call('echo');
  const lost = change();
  clock.advance(5000);
  await lost;
  t.match(session.lastError, { code: 'silent', message: /has not answered for 10 s/ });
});

t.test('a server that accepts and never answers: an error in words, and another attempt', async (t) => {
  const server = new ScriptedServer(() => undefined);
  const { session, clock } = await begin(t, server, { probeMilliseconds: 5000 });
  await server.call('get_schema');
  clock.advance(10_000);
  t.match(session.lastError, { code: 'silent' });
  t.equal(session.state, 'waiting');
  clock.advance(1000);
  await server.call('get_schema');
  t.equal(server.sockets.length, 2);
});

t.test(
  'a server that gathers a large picture, and is silent meanwhile, gets three times as long',
  async (t) => {
    const server = new ScriptedServer((call) => (call.method === 'monitor' ? undefined : plain(call)));
    const { session, clock, change } = await begin(t, server, { probeMilliseconds: 5000 });
    const { id } = await server.call('monitor');
    server.answer = () => undefined;
    clock.advance(29_000);
    t.equal(session.state, 'syncing');
    const ready = change();
    server.send({ id, result: { T: {} }, error: null });
    await ready;
    clock.advance(10_000);
    t.match(session.lastError, { code: 'silent', message: /has not answered for 10 s/ });
  },
);

t.test('JSON that never ends is cut off', async (t) => {
  const server = new ScriptedServer((call) => (call.method === 'get_schema' ? undefined : plain(call)));
  const { session } = await begin(t, server, {
    limits: { maxMessageOctets: 1e5, maxRowOctets: 1e5, maxDepth: 20 },
  });
  await server.call('get_schema');
  const flood = setInterval(() => server.sockets[0]!.write(`{"result":"${'x'.repeat(50_000)}`), 1);
  await until(() => session.lastError !== undefined, 'the session gives up');
  clearInterval(flood);
  t.match(session.lastError, { code: 'malformed', message: /longer than 100000 octets/ });
});

for (const [what, reply, message] of [
  ['no such database', { error: { error: 'unknown database', details: 'db' } }, /has no database db/],
  ['another database', { result: { ...SCHEMA, name: 'other' } }, /its name is "other", expected "db"/],
  ['a missing table', { result: { ...SCHEMA, tables: {} } }, /schema db 1.2.3: it has no table T/],
  [
    'a missing column',
    { result: { ...SCHEMA, tables: { T: { columns: { name: {} } } } } },
    /it has no T.members/,
  ],
  ['no schema at all', { result: null }, /its name is undefined/],
] as const) {
  t.test(`wrong schema (${what}): an error in words, and nothing is monitored`, async (t) => {
    const server = new ScriptedServer((call) => (call.method === 'get_schema' ? reply : plain(call)));
    const { session, states } = await begin(t, server);
    await until(() => session.lastError !== undefined, 'the session gives up');
    t.match(session.lastError, { code: 'schema', message });
    t.same(states, []);
    t.same(
      server.calls.filter(({ method }) => method.startsWith('monitor')),
      [],
    );
  });
}

t.test(
  'RFC 7047 section 4.1.8: without the lock nothing is written; with it every transaction asserts it',
  async (t) => {
    const server = new ScriptedServer(plain);
    const { session, states, change } = await begin(t, server, { lock: 'evpnd' });
    await until(() => session.state === 'standby', 'another one has the lock');
    t.same(states, []);
    await t.rejects(session.transact('[{"op":"comment"}]'), { message: 'another controller has the lock' });
    const ready = change();
    server.send({ method: 'locked', params: ['evpnd'], id: null });
    await ready;
    t.same(
      await session.transact('[{"op":"comment"}]'),
      [{ count: 2 }],
      "the assertion's own result is left out",
    );
    const call = await server.call('transact');
    t.same(call.params, ['db', { op: 'assert', lock: 'evpnd' }, { op: 'comment' }]);
    const stolen = change();
    server.send({ method: 'stolen', params: ['evpnd'], id: null });
    await stolen;
    t.equal(session.state, 'standby');
    await session.steal();
    t.equal(session.state, 'ready', 'taken back by force');
  },
);

t.test(
  'a connection that ends with a transaction under way rejects it; reconnects wait longer and longer, up to a second',
  async (t) => {
    const server = new ScriptedServer((call) => (call.method === 'transact' ? undefined : plain(call)));
    const { session, clock, change } = await begin(t, server);
    await change();
    const pending = session.transact('[]');
    await server.call('transact');
    server.sockets[0]!.destroy();
    await t.rejects(pending, { code: 'disconnected' });
    server.server.close();
    const delays: number[] = [];
    for (let i = 0; i < 6; i++) {
      await until(() => session.state === 'waiting', 'it waits');
      const before = clock.now();
      clock.advance(clock.next! - before);
      delays.push(clock.now() - before);
    }
    t.same(delays, [75, 150, 300, 600, 750, 750]);
  },
);
