/**
 * Several hardware VTEPs under one evpnd: each is a leaf of its own, and they are leaves to each other. A real ovsdb-server and a
 * test switch stand for each.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Logger, recordingLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { EvpnView, HardwareVtepView, MacView, ReloadReply, RouteView } from '../../src/control/api.ts';
import { ControlClient } from '../../src/control/index.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import type { DaemonLogger } from '../../src/daemon/logger.ts';
import { mac } from '../dataplane/contract.ts';
import { TestSwitch } from '../dataplane/hardware-vtep/switch.ts';
import { OvsdbServer, skipWithoutServer } from '../ovsdb/server.ts';

const HOST = mac('02:00:00:00:00:05');
const TUNNELS = ['10.0.0.1', '10.0.0.2'] as const;

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it did not come about that ${what}`);
}

async function rows<T>(client: ControlClient, path: string): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of client.rows<T>(path)) all.push(...batch);
  return all;
}

const daemonLogger = (log: Logger): DaemonLogger => ({
  ...log,
  child: (fields) => log.child(fields),
  setLevel: () => {},
});

interface Pair {
  readonly client: ControlClient;
  readonly switches: readonly [TestSwitch, TestSwitch];
  readonly servers: readonly OvsdbServer[];
  /** Writes the configuration with these switches of the two. */
  configure(names: readonly number[]): string;
  daemon(): Promise<Daemon>;
}

async function pair(t: Test): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), 'evpnd-switches-'));
  const servers = await Promise.all([OvsdbServer.start(), OvsdbServer.start()]);
  const switches = await Promise.all(
    servers.map(async (server, i) => {
      const made = await TestSwitch.start(server, { tunnelIp: TUNNELS[i]!, name: `torus${i + 1}` });
      await made.addLogicalSwitch(10);
      return made;
    }),
  );
  const file = join(directory, 'evpnd.yaml');
  const socket = join(directory, 'evpnd.sock');
  const configure = (numbers: readonly number[]): string => {
    const list = numbers.map(
      (n) => `    - { name: torus${n}, connection: "unix:${servers[n - 1]!.socket}" }`,
    );
    writeFileSync(
      file,
      `router: { asn: 65000, router-id: 10.0.0.50 }\nlisten: { addresses: [] }\ncontrol: { socket: ${socket} }\n` +
        `dataplane:\n  type: hardware-vtep\n  state-directory: ${directory}\n  switches:\n${list.join('\n')}\n`,
    );
    return file;
  };
  let daemon: Daemon | undefined;
  t.teardown(async () => {
    await daemon?.stop();
    for (const each of switches) each.close();
    for (const server of servers) await server.remove();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    client: new ControlClient(socket),
    switches: [switches[0]!, switches[1]!],
    servers,
    configure,
    async daemon() {
      const { config, problems } = loadConfig(file);
      if (!config) throw new Error(JSON.stringify(problems));
      daemon = await Daemon.start({ config, file, log: daemonLogger(recordingLogger()), version: '0' });
      return daemon;
    },
  };
}

const skip = { skip: skipWithoutServer };

t.test(
  'each switch announces by its own tunnel address, and learns from the other; a host moves between them',
  skip,
  async (t) => {
    const { client, switches, configure, daemon } = await pair(t);
    const [one, two] = switches;
    configure([1, 2]);
    await daemon();
    await until(
      async () => (await one.entries(10)).includes('flood 10 10.0.0.2'),
      'the first floods to the second',
    );
    await until(
      async () => (await two.entries(10)).includes('flood 10 10.0.0.1'),
      'the second floods to the first',
    );
    await one.attachMac(10, HOST);
    const at = (vtep: string): string => `mac 10 02:00:00:00:00:05 ${vtep}`;
    await until(
      async () => (await two.entries(10)).includes(at('10.0.0.1')),
      'the second knows where the host is',
    );
    t.notOk(
      (await one.entries(10)).some((line) => line.startsWith('mac')),
      'the first has it at a port of its own',
    );
    const routes = await rows<RouteView>(client, '/v1/bgp/evpn/routes');
    t.same(
      routes.map(({ rd }) => rd).sort(),
      ['10.0.0.1:1', '10.0.0.1:1', '10.0.0.2:1'],
      'RFC 7432 section 7.9',
    );
    t.same([...new Set(routes.flatMap(({ paths }) => paths.map(({ nextHop }) => nextHop)))].sort(), [
      ...TUNNELS,
    ]);

    await two.attachMac(10, HOST);
    await until(
      async () => (await one.entries(10)).includes(at('10.0.0.2')),
      'the first sees that it has moved',
    );
    await until(
      async () => !(await two.entries(10)).some((line) => line.startsWith('mac')),
      'the second has it itself',
    );
    const macs = await rows<MacView>(client, '/v1/evpn/macs');
    t.same(
      macs.map(({ type, localSequence }) => [type, localSequence]).sort(),
      [
        ['local', 1],
        ['remote', 0],
      ],
      'RFC 7432 section 15',
    );

    const views = await rows<HardwareVtepView>(client, '/v1/hardware-vtep');
    t.match(
      views.map(({ name, tunnelIps, rows: { failed } }) => [name, ...tunnelIps, failed]),
      [
        ['torus1', '10.0.0.1', 0],
        ['torus2', '10.0.0.2', 0],
      ],
    );
    t.match(await client.get<EvpnView>('/v1/evpn'), { l2Vnis: 2, localMacs: 1, remoteMacs: 1, problems: [] });
  },
);

t.test(
  'a switch that is away holds up nobody; reload takes one out with its routes and rows',
  skip,
  async (t) => {
    const { client, switches, servers, configure, daemon } = await pair(t);
    const [one] = switches;
    await servers[1]!.stop();
    configure([1, 2]);
    await daemon();
    await until(async () => {
      const views = await rows<HardwareVtepView>(client, '/v1/hardware-vtep');
      return views[0]?.connection.state === 'ready' && views[1]?.connection.lastError !== undefined;
    }, 'one is ready, the other is known to be away');
    const problems = async () => (await client.get<EvpnView>('/v1/evpn')).problems;
    await until(async () => (await problems()).length === 1, 'that is told');
    configure([1]);
    await client.post<ReloadReply>('/v1/reload');
    t.same(await problems(), [], 'what was told of a switch goes with it');
    configure([1, 2]);
    await client.post<ReloadReply>('/v1/reload');
    await servers[1]!.run();
    await until(async () => (await one.entries(10)).includes('flood 10 10.0.0.2'), 'the second has come');
    configure([1]);
    t.match((await client.post<ReloadReply>('/v1/reload')).changes, ['dataplane: switches changed']);
    await until(async () => (await one.entries(10)).length === 0, 'its routes are withdrawn');
    const left = await servers[1]!.connect();
    await until(
      async () => (await left.rows('Mcast_Macs_Remote')).length === 0,
      'what was written into it is taken out',
    );
    left.close();
    t.equal((await rows<HardwareVtepView>(client, '/v1/hardware-vtep')).length, 1);
  },
);
