/**
 * The whole daemon in this process: two leaves and a reflector over TCP on loopback, with memory dataplanes whose hosts
 * the configuration names. Asked through the control socket, as evpnctl asks.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Logger, type LogRecord, recordingLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/index.ts';
import type {
  BgpSummaryView,
  ClearReply,
  EvpnView,
  MacView,
  NeighborView,
  ReloadReply,
  RouteView,
  RunningConfigView,
  VniView,
  WatchEvent,
} from '../../src/control/api.ts';
import { ControlClient } from '../../src/control/index.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import type { DaemonLogger } from '../../src/daemon/logger.ts';

interface Node {
  readonly daemon: Daemon;
  readonly client: ControlClient;
  readonly file: string;
  readonly log: { readonly records: readonly LogRecord[] };
}

class Fabric {
  readonly directory = mkdtempSync(join(tmpdir(), 'evpnd-test-'));
  readonly nodes: Node[] = [];

  file(name: string): string {
    return join(this.directory, `${name}.yaml`);
  }

  write(name: string, yaml: string): string {
    const file = this.file(name);
    writeFileSync(file, `${yaml}\ncontrol: { socket: ${join(this.directory, `${name}.sock`)} }\n`);
    return file;
  }

  async start(name: string, yaml: string): Promise<Node> {
    const file = this.write(name, yaml);
    const { config, problems } = loadConfig(file);
    if (!config) throw new Error(JSON.stringify(problems));
    const log = recordingLogger();
    const daemon = await Daemon.start({ config, file, log: daemonLogger(log), version: '0.0.0-test' });
    const node = { daemon, client: new ControlClient(config.control.socket), file, log };
    this.nodes.push(node);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.splice(0).map(({ daemon }) => daemon.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const daemonLogger = (log: Logger): DaemonLogger => ({
  ...log,
  child: (fields) => log.child(fields),
  setLevel: () => {},
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Rejects when nobody listens there. */
async function canBeReached(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  socket.destroy();
}

const spineYaml = (port: number) => `
router: { asn: 65000, router-id: 10.0.0.100 }
listen: { addresses: [127.0.1.100], port: ${port} }
peer-groups: { LEAF: { remote-as: internal, route-reflector-client: true } }
listen-ranges: [ { prefix: 127.0.1.0/24, peer-group: LEAF, limit: 10 } ]
dataplane: { type: memory }
`;

const leafYaml = (port: number, n: number, hosts: readonly number[], extra = '') => `
router: { asn: 65000, router-id: 10.0.0.${n} }
listen: { addresses: [127.0.1.${n}], port: ${port} }
neighbors:
  - { address: 127.0.1.100, remote-as: internal, update-source: 127.0.1.${n}, port: ${port}, timers: { connect-retry: 1 } }
evpn: { vtep: 10.0.0.${n}, vnis: [ { vni: 10 } ] }
dataplane:
  type: memory
  hosts: [${hosts.map((host) => `{ vni: 10, mac: "02:00:00:00:00:0${host}", ip: 10.10.10.${host} }`).join(', ')}]
${extra}`;

/** Asks until the answer is there; each question is a turn of the daemons' event loop. */
async function eventually<T>(node: Node, probe: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 2000; tries++) {
    const value = await probe();
    if (value !== undefined) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never came true; log: ${JSON.stringify(node.log.records.slice(-5))}`);
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const list: T[] = [];
  for await (const batch of batches) list.push(...batch);
  return list;
}

const macOf = (node: Node, mac: string): Promise<MacView | undefined> =>
  all(node.client.rows<MacView>('/v1/evpn/macs', { vni: '10', mac })).then(([row]) => row);

async function fabricOf(
  t: Test,
): Promise<{ fabric: Fabric; port: number; spine: Node; leaf1: Node; leaf2: Node }> {
  const fabric = new Fabric();
  t.teardown(() => fabric.stop());
  const port = await freePort();
  const spine = await fabric.start('spine', spineYaml(port));
  const leaf1 = await fabric.start('leaf1', leafYaml(port, 1, [1]));
  const leaf2 = await fabric.start('leaf2', leafYaml(port, 2, [2]));
  await eventually(leaf2, async () => {
    const mac = await macOf(leaf2, '02:00:00:00:00:01');
    return mac?.state === 'installed' ? mac : undefined;
  });
  return { fabric, port, spine, leaf1, leaf2 };
}

t.test('a MAC of one leaf is forwarded by the other, and every view says so', async (t) => {
  const { spine, leaf2 } = await fabricOf(t);
  const mac = await macOf(leaf2, '02:00:00:00:00:01');
  t.match(mac, { type: 'remote', vtep: '10.0.0.1', state: 'installed', neighbors: ['10.10.10.1'] });

  const summary = await leaf2.client.get<BgpSummaryView>('/v1/bgp/summary');
  t.match(summary.neighbors[0], {
    address: '127.0.1.100',
    state: 'Established',
    kind: 'ibgp',
    prefixesSent: 3,
  });
  const spineSummary = await spine.client.get<BgpSummaryView>('/v1/bgp/summary');
  t.equal(spineSummary.neighbors.length, 2);
  t.match(spineSummary.listenRanges[0], { prefix: '127.0.1.0/24', neighbors: 2 });

  const routes = await all(leaf2.client.rows<RouteView>('/v1/bgp/evpn/routes', { mac: '02:00:00:00:00:01' }));
  t.equal(routes.length, 2, 'MAC, and MAC with IP');
  t.match(routes[0]!.paths[0], {
    best: true,
    nextHop: '10.0.0.1',
    originatorId: '10.0.0.1',
    clusterList: ['10.0.0.100'],
  });
  t.match(routes[0]!.imports[0], { vni: 10, imported: true });

  const vni = await leaf2.client.get<VniView>('/v1/evpn/vnis/10');
  t.match(vni, {
    up: true,
    localMacs: 1,
    remoteMacs: 1,
    remoteVteps: [{ vtep: '10.0.0.1', state: 'installed' }],
  });
  const evpn = await leaf2.client.get<EvpnView>('/v1/evpn');
  t.match(evpn, { localMacs: 1, remoteMacs: 1, dataplane: { status: 'in-sync', failed: 0 }, problems: [] });

  const told = await all(spine.client.rows<RouteView>('/v1/bgp/neighbors/127.0.1.2/advertised-routes', {}));
  t.equal(told.length, 3, 'what leaf1 announced, and nothing of its own');
  const neighbor = await spine.client.get<NeighborView>('/v1/bgp/neighbors/127.0.1.1');
  t.match(neighbor, { dynamic: true, familyViews: [{ endOfRibReceived: true, endOfRibSent: true }] });
});

t.test('RFC 4724 section 4.1: a leaf that stops to come back is kept by the fabric meanwhile', async (t) => {
  const { fabric, port, spine, leaf1, leaf2 } = await fabricOf(t);
  const ofLeaf1 = () => spine.client.get<NeighborView>('/v1/bgp/neighbors/127.0.1.1');
  t.match((await ofLeaf1()).gracefulRestart, {
    localMode: 'restarter',
    remoteMode: 'restarter',
    remoteRestarting: false,
    families: [
      { family: 'l2vpn-evpn', localForwarding: false, remoteForwarding: false },
      { family: 'rt-constraint', localForwarding: false, remoteForwarding: false },
    ],
  });
  const record = join(fabric.directory, 'leaf1.run.json');
  fabric.nodes.splice(fabric.nodes.indexOf(leaf1), 1);
  await leaf1.daemon.stop({ graceful: true });
  t.ok(existsSync(record));
  const down = await eventually(spine, async () => {
    const view = await ofLeaf1();
    return view.state === 'Established' ? undefined : view;
  });
  t.ok(down.gracefulRestart.staleSeconds! > 100, 'its routes are stale');
  t.match(await macOf(leaf2, '02:00:00:00:00:01'), { vtep: '10.0.0.1', state: 'installed' });
  await fabric.start('leaf1', leafYaml(port, 1, [1]));
  const back = await eventually(spine, async () => {
    const view = await ofLeaf1();
    return view.familyViews[0]?.endOfRibReceived ? view : undefined;
  });
  t.match(back.gracefulRestart, {
    remoteRestarting: true,
    families: [{ remoteForwarding: true }, { remoteForwarding: true }],
    staleSeconds: undefined,
  });
  t.equal(back.lastReset?.code, undefined, 'no NOTIFICATION was sent');
  t.match(await macOf(leaf2, '02:00:00:00:00:01'), { vtep: '10.0.0.1', state: 'installed' });
});

t.test('a second signal does not undo a stop to come back', async (t) => {
  const { fabric, leaf1 } = await fabricOf(t);
  fabric.nodes.splice(fabric.nodes.indexOf(leaf1), 1);
  await Promise.all([leaf1.daemon.stop({ graceful: true }), leaf1.daemon.stop()]);
  t.ok(existsSync(join(fabric.directory, 'leaf1.run.json')));
  t.equal(leaf1.log.records.filter(({ message }) => message === 'evpnd has stopped').length, 1);
});

t.test('RFC 8538: a leaf that stops for good is forgotten at once, and leaves no record', async (t) => {
  const { fabric, leaf1, leaf2 } = await fabricOf(t);
  fabric.nodes.splice(fabric.nodes.indexOf(leaf1), 1);
  await leaf1.daemon.stop();
  t.notOk(existsSync(join(fabric.directory, 'leaf1.run.json')));
  await eventually(leaf2, async () => ((await macOf(leaf2, '02:00:00:00:00:01')) ? undefined : true));
});

t.test('a reload applies only the difference: a host moves, the session does not notice', async (t) => {
  const { fabric, port, leaf1, leaf2 } = await fabricOf(t);
  const before = await leaf1.client.get<NeighborView>('/v1/bgp/neighbors/127.0.1.100');
  fabric.write('leaf1', leafYaml(port, 1, [1, 2]));
  const reply = await leaf1.client.post<ReloadReply>('/v1/reload', {});
  t.strictSame(reply.resets, []);
  t.equal(reply.changes.length, 1);
  const moved = await eventually(leaf2, async () => {
    const mac = await macOf(leaf2, '02:00:00:00:00:02');
    return mac?.type === 'remote' && mac.state === 'installed' ? mac : undefined;
  });
  t.match(
    moved,
    { vtep: '10.0.0.1', remoteSequence: 1 },
    'RFC 7432 section 15: sequence one more than before',
  );
  const after = await leaf1.client.get<NeighborView>('/v1/bgp/neighbors/127.0.1.100');
  t.equal(after.connectionsEstablished, before.connectionsEstablished);
});

t.test('watchers hear of routes and MACs as they change, and nothing of what was there before', async (t) => {
  const { fabric, port, leaf1, leaf2 } = await fabricOf(t);
  const events: WatchEvent[] = [];
  const heard = leaf2.client.rows<WatchEvent>('/v1/watch', { subject: ['route', 'mac'] });
  const listening = (async () => {
    for await (const batch of heard) {
      events.push(...batch);
      // The two come from different sources, in either order.
      if (['route', 'mac'].every((type) => events.some((event) => event.type === type))) return;
    }
  })();
  await leaf2.client.get('/v1/version');
  fabric.write('leaf1', leafYaml(port, 1, [1, 3]));
  await leaf1.client.post('/v1/reload');
  await listening;
  t.match(
    events.find((event) => event.type === 'route'),
    { action: 'upsert', key: '[2]:[0]:[48]:[02:00:00:00:00:03]', nextHop: '10.0.0.1', peer: '127.0.1.100' },
  );
  t.match(
    events.find((event) => event.type === 'mac'),
    { action: 'upsert', vni: 10, mac: '02:00:00:00:00:03', place: 'remote', vtep: '10.0.0.1' },
  );
  t.notOk(JSON.stringify(events).includes('02:00:00:00:00:01'));
});

t.test('what needs a restart is told, and the running configuration does not claim it', async (t) => {
  const { fabric, port, leaf1 } = await fabricOf(t);
  fabric.write('leaf1', leafYaml(port, 1, [1]).replace('router-id: 10.0.0.1', 'router-id: 10.9.9.9'));
  const reply = await leaf1.client.post<ReloadReply>('/v1/reload');
  t.equal(reply.changes.length, 1);
  const running = await leaf1.client.get<RunningConfigView>('/v1/running-config');
  t.match(running.text, /10\.0\.0\.1/);
  t.notMatch(running.text, /10\.9\.9\.9/);
});

t.test('a bad file on reload is an error with every problem, and changes nothing', async (t) => {
  const { fabric, port, leaf1 } = await fabricOf(t);
  fabric.write('leaf1', `${leafYaml(port, 1, [1])}\nneighbours: []\nlog: { level: loud }`);
  await t.rejects(leaf1.client.post('/v1/reload', {}), {
    code: 'bad-config',
    message: /neighbours(.|\n)*loud/,
  });
  const summary = await leaf1.client.get<BgpSummaryView>('/v1/bgp/summary');
  t.equal(summary.neighbors[0]?.state, 'Established');
});

t.test(
  'a reload that cannot listen is refused whole: what else the file says is not done either',
  async (t) => {
    const { fabric, port, leaf1 } = await fabricOf(t);
    const listen = `listen: { addresses: [127.0.1.1], port: ${port} }`;
    const added = leafYaml(port, 1, [1, 2]).replace(
      'neighbors:\n',
      'neighbors:\n  - { address: 127.0.1.77, remote-as: internal, shutdown: true }\n',
    );
    t.ok(added.includes(listen));
    for (const addresses of ['192.0.2.1', '127.0.1.1, 192.0.2.1']) {
      fabric.write('leaf1', added.replace(listen, listen.replace('127.0.1.1', addresses)));
      await t.rejects(leaf1.client.post('/v1/reload', {}), {
        code: 'cannot-listen',
        message: /192\.0\.2\.1/,
      });
      const summary = await leaf1.client.get<BgpSummaryView>('/v1/bgp/summary');
      t.equal(summary.neighbors.length, 1);
      t.equal(await macOf(leaf1, '02:00:00:00:00:02').then((mac) => mac?.type), 'remote');
    }
    fabric.write('leaf1', added);
    const reply = await leaf1.client.post<ReloadReply>('/v1/reload', {});
    t.equal(reply.changes.length, 2, 'all of the difference, as nothing of it was done before');
    t.match(reply.changes.join(' '), /127\.0\.1\.77/);
    await canBeReached('127.0.1.1', port);

    fabric.write('leaf1', added.replace(listen, listen.replace('127.0.1.1', '127.0.1.9')));
    t.equal((await leaf1.client.post<ReloadReply>('/v1/reload', {})).changes.length, 1);
    await canBeReached('127.0.1.9', port);
    await t.rejects(canBeReached('127.0.1.1', port), { code: 'ECONNREFUSED' });
  },
);

t.test('a soft clear says of each neighbour that it was refreshed, or why not', async (t) => {
  const { fabric, port, leaf1 } = await fabricOf(t);
  const clear = (neighbor: string, soft: string) =>
    leaf1.client.post<ClearReply>('/v1/clear', { neighbor, soft });
  const down = '  - { address: 127.0.1.77, remote-as: internal, shutdown: true }';
  fabric.write('leaf1', leafYaml(port, 1, [1]).replace('neighbors:\n', `neighbors:\n${down}\n`));
  await leaf1.client.post('/v1/reload', {});
  for (const soft of ['in', 'out', 'both']) {
    await t.rejects(clear('127.0.1.77', soft), {
      code: 'not-done',
      message: '127.0.1.77: not refreshed, the session is not up',
    });
    t.same(await clear('*', soft), {
      neighbors: ['127.0.1.100'],
      notes: ['127.0.1.77: not refreshed, the session is not up'],
    });
  }
});

t.test('a neighbour that is removed takes its routes and entries along', async (t) => {
  const { fabric, port, leaf2 } = await fabricOf(t);
  const without = leafYaml(port, 2, [2]).replace(/neighbors:\n.*\n/, '');
  fabric.write('leaf2', without);
  await leaf2.client.post('/v1/reload', {});
  await eventually(leaf2, async () => ((await macOf(leaf2, '02:00:00:00:00:01')) ? undefined : true));
  const vni = await leaf2.client.get<VniView>('/v1/evpn/vnis/10');
  t.strictSame(vni.remoteVteps, []);
});

t.test('a second daemon on the same socket ends before it touches anything', async (t) => {
  const { fabric, port, leaf1 } = await fabricOf(t);
  await t.rejects(fabric.start('leaf1', leafYaml(port, 1, [1])), { message: /leaf1\.sock/ });
  t.match(await macOf(leaf1, '02:00:00:00:00:01'), { type: 'local' });
  const record = join(fabric.directory, 'leaf1.run.json');
  await eventually(leaf1, async () => {
    await leaf1.client.get('/v1/version');
    return existsSync(record) || undefined;
  });
  const helper = `${leafYaml(port, 1, [1])}\ngraceful-restart: { mode: helper }`;
  await t.rejects(fabric.start('leaf1', helper), { message: /leaf1\.sock/ });
  t.ok(existsSync(record), 'nor the run file of the first, also when it would have none itself');
});

t.test('an address that cannot be bound: not started, in words, and the socket is gone again', async (t) => {
  const fabric = new Fabric();
  t.teardown(() => fabric.stop());
  const yaml = spineYaml(await freePort()).replace('127.0.1.100', '192.0.2.1');
  await t.rejects(fabric.start('spine', yaml), { message: /192\.0\.2\.1/ });
  await t.rejects(new ControlClient(join(fabric.directory, 'spine.sock')).get('/v1/version'));
});
