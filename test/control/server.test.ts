/** The daemon's API over a real unix socket: replies, errors, streams, and a socket that is taken or left over. */
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { recordingLogger } from '../../src/base/log.ts';
import {
  type BgpSummaryView,
  type ControlBackend,
  ControlClient,
  ControlError,
  ControlServer,
  type MacView,
  type RouteView,
  type WatchEvent,
} from '../../src/control/index.ts';
import { exampleBackend, ROUTES } from './example-backend.ts';

function temporaryDirectory(test: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-control-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function serve(test: Test, backend: ControlBackend): Promise<ControlClient> {
  const socketPath = join(temporaryDirectory(test), 'evpnd.sock');
  const server = await ControlServer.listen({ backend, socketPath });
  test.teardown(() => server.close());
  return new ControlClient(socketPath);
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

t.test('a reply about one thing is an object, a list comes row by row', async (t) => {
  const client = await serve(t, exampleBackend());
  const summary = await client.get<BgpSummaryView>('/v1/bgp/summary');
  t.equal(summary.routerId, '10.0.0.1');
  t.equal(summary.neighbors.length, 2);
  const routes = await all(client.rows<RouteView>('/v1/bgp/evpn/routes'));
  t.same(
    routes.map(({ key }) => key),
    ROUTES.map(({ key }) => key),
  );
  t.same(await all(client.rows<MacView>('/v1/evpn/macs', { vni: 20 })), [], 'a list may be empty');
});

t.test('every path of the table answers 200 or wants a parameter, and the table lists itself', async (t) => {
  const client = await serve(t, exampleBackend());
  const table = await all(client.rows<{ method: string; path: string; about: string }>('/v1'));
  t.ok(table.length >= 20);
  for (const { method, path } of table) {
    if (method !== 'GET' || path === '/v1/watch') continue;
    const filled = path.replace(':address', '10.0.0.100').replace(':vni', '10').replace(':switch', 'torus1');
    const query = path.endsWith('explain') ? { mac: '02:00:00:00:00:01' } : {};
    await t.resolves(all(client.rows(filled, query)), path);
  }
});

t.test('filters are read strictly: addresses in any spelling, a misspelt parameter refused', async (t) => {
  const asked: unknown[] = [];
  const backend = exampleBackend({
    macs: (query) => {
      asked.push(query);
      return [];
    },
  });
  const client = await serve(t, backend);
  await all(client.rows('/v1/evpn/macs', { vni: 10, mac: '0200.0000.0001' }));
  t.match(asked, [{ vni: 10, mac: '02:00:00:00:00:01', duplicate: undefined }]);
  const refusals: [string, RegExp][] = [
    ['/v1/evpn/macs?vin=10', /saw "vin", expected one of vni, mac/],
    ['/v1/evpn/macs?vni=0', /Cannot read vni: saw "0", expected a number from 1 to 16777215/],
    ['/v1/evpn/macs?mac=zz', /Cannot read mac: saw "zz"/],
    ['/v1/bgp/evpn/routes?type=300', /Cannot read type: saw "300"/],
    ['/v1/bgp/neighbors/leaf1', /expected an IPv4 or IPv6 address/],
    ['/v1/bgp/neighbors/%ff', /percent-encoded/],
    ['/v1/watch?subject=bees', /expected one of neighbor, route/],
  ];
  for (const [path, message] of refusals) {
    await t.rejects(client.get(path), { status: 400, code: 'bad-request', message }, path);
  }
});

/** What the server answers to these octets on a connection of their own, until it ends. */
async function heard(socketPath: string, says: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(says);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

t.test('a request that is none is 400, and a client that hangs up is no error of the daemon', async (t) => {
  const socketPath = join(temporaryDirectory(t), 'evpnd.sock');
  const log = recordingLogger();
  const server = await ControlServer.listen({ backend: exampleBackend(), socketPath, log });
  t.teardown(() => server.close());
  for (const path of ['//[', 'http://']) {
    const reply = await heard(socketPath, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    t.match(reply, /^HTTP\/1\.1 400 /, path);
    t.match(reply, /bad-request.*expected a path/);
  }
  const socket = connect(socketPath);
  socket.write('POST /v1/clear HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"neigh');
  await heard(socketPath, 'GET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  socket.destroy();
  await new ControlClient(socketPath).get('/v1/version');
  await server.close();
  t.same(log.records, []);
});

t.test('what does not exist is 404 and says what does', async (t) => {
  const client = await serve(t, exampleBackend());
  await t.rejects(client.get('/v1/bgp/neighbors/10.0.0.9'), {
    status: 404,
    code: 'not-found',
    message: 'There is no neighbor 10.0.0.9',
    hint: 'neighbors are 10.0.0.100, fd00::101',
  });
  await t.rejects(client.get('/v1/bgp/neighbors/10.0.0.9/received-routes'), {
    status: 404,
    code: 'not-found',
  });
  await t.rejects(client.get('/v1/evpn/vnis/99'), { status: 404, message: 'There is no VNI 99' });
  await t.rejects(client.get('/v1/bpg'), { code: 'not-found', hint: /GET \/v1 lists/ });
  await t.rejects(client.post('/v1/version'), { status: 405, code: 'method-not-allowed' });
});

t.test('clear and reload are POSTs with a checked body', async (t) => {
  const backend = exampleBackend();
  const client = await serve(t, backend);
  t.same(await client.post('/v1/clear', { neighbor: '10.0.0.100', soft: 'in' }), {
    neighbors: ['10.0.0.100'],
    notes: [],
  });
  t.same(backend.cleared, [{ neighbor: '10.0.0.100', soft: 'in' }]);
  t.same(await client.post('/v1/clear-duplicates', { vni: 10, mac: '02-00-00-00-00-01' }), { cleared: 1 });
  t.same(await client.post('/v1/clear-duplicates'), { cleared: 2 });
  await t.rejects(client.post('/v1/clear-duplicates', { vni: 99 }), { status: 404, code: 'not-found' });
  await t.rejects(client.post('/v1/clear-duplicates', { mac: 'x' }), { status: 400, code: 'bad-request' });
  await t.rejects(client.post('/v1/clear', { neighbor: 'leaf' }), { status: 400, code: 'bad-request' });
  await t.rejects(client.post('/v1/clear', { neighbor: '*', soft: 'soon' }), {
    message: /expected in, out or both/,
  });
  await t.rejects(client.post('/v1/clear'), { message: /expected an address, or \* for all/ });
  t.match(await client.post('/v1/reload'), { changes: ['neighbor 10.0.0.101 added'] });
});

t.test(
  'a backend that refuses is heard in its words; one that breaks is a 500, and the server lives',
  async (t) => {
    const client = await serve(
      t,
      exampleBackend({
        reload: async () => {
          throw new ControlError(422, 'bad-config', 'evpnd.yaml:1:1: router: saw nothing');
        },
        evpn: () => {
          throw new TypeError('a bug');
        },
        // biome-ignore lint/correctness/useYield: fails before its first row
        *vteps() {
          throw new TypeError('a bug in rows');
        },
      }),
    );
    await t.rejects(client.post('/v1/reload'), {
      status: 422,
      code: 'bad-config',
      message: /evpnd.yaml:1:1/,
    });
    await t.rejects(client.get('/v1/evpn'), { status: 500, code: 'internal', message: /a bug/ });
    await t.rejects(all(client.rows('/v1/evpn/vteps')), { status: 500, message: /a bug in rows/ });
    await t.resolves(client.get('/v1/version'));
  },
);

t.test('rows that break off in the middle are an error for the reader, never a short list', async (t) => {
  const client = await serve(
    t,
    exampleBackend({
      *routes() {
        for (let i = 0; i < 2000; i++) yield ROUTES[0]!;
        throw new TypeError('a bug');
      },
    }),
  );
  await t.rejects(all(client.rows('/v1/bgp/evpn/routes')), { code: 'cut-off' });
});

t.test(
  'many rows: never faster than the reader, other requests are answered meanwhile, a gone reader ends it',
  async (t) => {
    let made = 0;
    let closed = false;
    const client = await serve(
      t,
      exampleBackend({
        *routes() {
          try {
            for (; made < 1_000_000; made++) yield made % 3 === 0 ? undefined : ROUTES[made % ROUTES.length]!;
          } finally {
            closed = true;
          }
        },
      }),
    );
    const rows = client.rows<RouteView>('/v1/bgp/evpn/routes');
    const first = await rows.next();
    t.ok(first.value!.length > 0);
    // The reader takes nothing more: what is made is bounded by what fits into buffers.
    for (let i = 0; i < 20; i++) await client.get('/v1/version');
    const before = made;
    for (let i = 0; i < 20; i++) await client.get('/v1/version');
    t.equal(made, before, 'nothing is made while nobody reads');
    t.ok(made < 100_000, `only ${made} rows made ahead of the reader`);
    await rows.return();
    while (!closed) await client.get('/v1/version');
    t.ok(closed, 'the source was closed');
  },
);

t.test('an asynchronous source streams as well', async (t) => {
  const client = await serve(
    t,
    exampleBackend({
      async *routes() {
        for (const route of ROUTES) yield route;
      },
    }),
  );
  t.equal((await all(client.rows('/v1/bgp/evpn/routes'))).length, ROUTES.length);
});

t.test('watch streams events until the client goes, then the backend is told', async (t) => {
  const backend = exampleBackend();
  const client = await serve(t, backend);
  const events = client.rows<WatchEvent>('/v1/watch', { subject: ['neighbor', 'vtep'] });
  const next = events.next();
  while (backend.listeners.size === 0) await client.get('/v1/version');
  t.same(backend.watched, [['neighbor', 'vtep']]);
  const event: WatchEvent = {
    type: 'vtep',
    at: '2026-11-20T23:49:38.000Z',
    vtep: '10.0.0.2',
    reachable: false,
  };
  for (const listener of backend.listeners) listener(event);
  t.same((await next).value, [event]);
  await events.return();
  while (backend.listeners.size > 0) await client.get('/v1/version');
});

t.test('a watcher that does not read loses events and is told how many', async (t) => {
  const backend = exampleBackend();
  const client = await serve(t, backend);
  const events = client.rows<WatchEvent>('/v1/watch');
  const first = events.next();
  while (backend.listeners.size === 0) await client.get('/v1/version');
  const [listener] = [...backend.listeners];
  const change: WatchEvent = { type: 'config', at: '2026-11-20T23:49:38.000Z', changes: ['x'.repeat(1000)] };
  const sent = 20_000;
  for (let i = 0; i < sent; i++) listener!(change);
  let got = (await first).value!.length;
  let dropped = 0;
  for await (const batch of events) {
    for (const event of batch) {
      if (event.type === 'dropped') dropped += event.count;
      else got++;
    }
    if (got + dropped === sent) break;
  }
  t.ok(dropped > 0, `${dropped} events were left out`);
  t.equal(got + dropped, sent);
});

t.test('the socket: permissions as asked, gone after close', async (t) => {
  const socketPath = join(temporaryDirectory(t), 'run', 'evpnd.sock');
  const server = await ControlServer.listen({ backend: exampleBackend(), socketPath, mode: 0o600 });
  t.equal(statSync(socketPath).mode & 0o777, 0o600);
  await server.close();
  t.notOk(existsSync(socketPath));
  const byDefault = await ControlServer.listen({ backend: exampleBackend(), socketPath });
  t.equal(statSync(socketPath).mode & 0o777, 0o660, 'owner and group unless told otherwise');
  await byDefault.close();
});

t.test(
  'a socket that somebody listens on is left alone; a stale one is replaced; a file is never removed',
  async (t) => {
    const directory = temporaryDirectory(t);
    const socketPath = join(directory, 'evpnd.sock');
    const first = await ControlServer.listen({ backend: exampleBackend(), socketPath });
    await t.rejects(ControlServer.listen({ backend: exampleBackend(), socketPath }), {
      message: `Cannot listen on ${socketPath}: another evpnd is running and listens there`,
    });
    await t.resolves(new ControlClient(socketPath).get('/v1/version'), 'the first still answers');
    await first.close();

    await leaveStaleSocket(socketPath);
    t.ok(existsSync(socketPath));
    const second = await ControlServer.listen({ backend: exampleBackend(), socketPath });
    await second.close();

    const file = join(directory, 'precious');
    writeFileSync(file, 'data');
    await t.rejects(ControlServer.listen({ backend: exampleBackend(), socketPath: file }), {
      message: /no socket/,
    });
    t.ok(existsSync(file));
  },
);

/** What a killed daemon leaves: a socket file that nobody listens on. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

t.test('a daemon that is not there, or not ours to use, is one line in words', async (t) => {
  const directory = temporaryDirectory(t);
  const absent = join(directory, 'absent.sock');
  await t.rejects(new ControlClient(absent).get('/v1/version'), {
    code: 'unreachable',
    message: `Cannot reach evpnd: there is no socket at ${absent}; is evpnd running?`,
  });
  const stale = join(directory, 'stale.sock');
  await leaveStaleSocket(stale);
  await t.rejects(new ControlClient(stale).get('/v1/version'), { message: /nobody listens/ });

  const silent = join(directory, 'silent.sock');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(silent, resolve));
  t.teardown(() => server.close());
  await t.rejects(new ControlClient(silent).get('/v1/version'), { message: /closed the connection/ });
});

t.test(
  'no permission on the socket is one line in words',
  { skip: process.getuid?.() === 0 && 'root may use every socket' },
  async (t) => {
    const socketPath = join(temporaryDirectory(t), 'evpnd.sock');
    const server = await ControlServer.listen({ backend: exampleBackend(), socketPath });
    t.teardown(() => server.close());
    chmodSync(socketPath, 0o000);
    await t.rejects(new ControlClient(socketPath).get('/v1/version'), { message: /no permission to use/ });
  },
);
