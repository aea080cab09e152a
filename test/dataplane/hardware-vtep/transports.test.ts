/** Every way to a switch: TLS with both certificates checked, and ports that switches dial. Against real ovsdb-servers. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { activeSource, PassivePort, parseEndpoint, passiveSource } from '../../../src/ovsdb/index.ts';
import { OvsdbServer } from '../../ovsdb/server.ts';
import { EventRecorder } from '../contract.ts';
import { HOST, rig, skip, until } from './rig.ts';
import { SWITCH, TestSwitch } from './switch.ts';

async function certificates(t: Test, directory: string): Promise<(name: string) => string> {
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const key = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    at(`${name}.key`),
  ];
  for (const ca of ['ca', 'otherca']) {
    openssl('req', '-x509', ...key(ca), '-out', at(`${ca}.pem`), '-days', '2', '-subj', `/CN=${ca}`);
  }
  for (const [name, ca] of [
    ['us', 'ca'],
    ['switch', 'ca'],
    ['stranger', 'otherca'],
  ] as const) {
    openssl('req', ...key(name), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`);
    const signer = ['-CA', at(`${ca}.pem`), '-CAkey', at(`${ca}.key`), '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', at(`${name}.csr`), ...signer, '-out', at(`${name}.pem`));
  }
  t.ok(at('us.pem'));
  return at;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

t.test('TLS: both certificates are checked, each refusal has words', skip, async (t) => {
  const plain = await OvsdbServer.start();
  t.teardown(() => plain.remove());
  const at = await certificates(t, plain.directory);
  const port = await freePort();
  const { device, open, make } = await rig(t, {
    remotes: [`pssl:${port}:127.0.0.1`],
    extra: [
      `--ca-cert=${at('ca.pem')}`,
      `--certificate=${at('switch.pem')}`,
      `--private-key=${at('switch.key')}`,
    ],
  });
  await device.addLogicalSwitch(10);
  const endpoint = parseEndpoint(`ssl:127.0.0.1:${port}`)!;
  const files = (ca: string, name: string) => ({
    caFile: at(`${ca}.pem`),
    certificateFile: at(`${name}.pem`),
    keyFile: at(`${name}.key`),
  });
  const dataplane = await open({ source: activeSource(endpoint, files('ca', 'us')) });
  t.equal(dataplane.status().connection.state, 'ready');
  for (const [what, tls, message] of [
    [
      'its certificate is not of our authority',
      files('otherca', 'us'),
      /^TLS failed: .*(SIGNATURE|ISSUER|CERT)/,
    ],
    [
      'ours is not of its authority',
      files('ca', 'stranger'),
      /^TLS failed: the switch refuses our certificate: tlsv1 alert unknown ca/,
    ],
    ['a missing file', files('ca', 'nobody'), /Cannot read certificate .*nobody.pem: ENOENT/],
  ] as const) {
    const refused = make({ source: activeSource(endpoint, tls), ledgerFile: undefined });
    refused.open(new EventRecorder()).catch(() => {});
    await until(() => refused.status().connection.lastError !== undefined, what);
    t.match(refused.status().connection.lastError, message, what);
    await refused.close({ keepEntries: true });
  }
});

/** As an entry of its Manager table does. */
function dial(which: OvsdbServer, port: number): void {
  const remote = `tcp:127.0.0.1:${port}`;
  const ctl = ['-t', join(which.directory, 'ctl'), 'ovsdb-server/add-remote', remote];
  const { status, stderr } = spawnSync('ovs-appctl', ctl, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

t.test('passive: switches dial us, each comes to its own leaf, a stranger is sent away', skip, async (t) => {
  const number = await freePort();
  const { device, server, make, vtep2 } = await rig(t);
  const stranger = await OvsdbServer.start();
  const strange = await TestSwitch.start(stranger);
  t.teardown(async () => {
    strange.close();
    await stranger.remove();
  });
  await strange.client.transact({
    op: 'update',
    table: 'Physical_Switch',
    where: [],
    row: { name: 'stranger' },
  });
  await device.addLogicalSwitch(10);
  const port = new PassivePort(
    parseEndpoint(`ptcp:${number}:127.0.0.1`)!,
    undefined,
    systemClock,
    silentLogger,
  );
  const dataplane = make({ source: passiveSource(port, SWITCH) });
  const opened = dataplane.open(new EventRecorder());
  await port.port();
  dial(stranger, number);
  dial(server, number);
  await opened;
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.setMac(10, HOST, vtep2, 0);
  await dataplane.idle();
  t.same(await device.entries(10), ['mac 10 02:00:00:00:00:05 10.0.0.2']);
  t.equal(await strange.count('Ucast_Macs_Remote'), 0);
});

t.test(
  'passive over TLS: a switch with a good certificate comes in, each refusal has words',
  skip,
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'evpnd-pssl-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    const at = await certificates(t, directory);
    const number = await freePort();
    const files = { caFile: at('ca.pem'), certificateFile: at('us.pem'), keyFile: at('us.key') };
    const endpoint = parseEndpoint(`pssl:${number}:127.0.0.1`)!;
    for (const [what, ca, name, message] of [
      [
        'a switch of another authority',
        'ca',
        'stranger',
        /the certificate of 127.0.0.1 is refused: .*(ISSUER|VERIFY)/,
      ],
      [
        'a switch that knows another authority',
        'otherca',
        'switch',
        /TLS failed: the switch refuses our certificate/,
      ],
      ['a good one', 'ca', 'switch', undefined],
    ] as const) {
      const { device, server, make } = await rig(t, {
        remotes: [`ssl:127.0.0.1:${number}`],
        extra: [
          `--ca-cert=${at(`${ca}.pem`)}`,
          `--certificate=${at(`${name}.pem`)}`,
          `--private-key=${at(`${name}.key`)}`,
        ],
      });
      await device.addLogicalSwitch(10);
      const port = new PassivePort(endpoint, files, systemClock, silentLogger);
      const events = new EventRecorder();
      const dataplane = make({ source: passiveSource(port, SWITCH) });
      const opened = dataplane.open(events);
      if (message) {
        opened.catch(() => {});
        await until(() => dataplane.status().connection.lastError !== undefined, what, 20);
        t.match(dataplane.status().connection.lastError, message, what);
        await until(() => message.test(events.problems.get('switch') ?? ''), 'the operator hears of it');
      } else {
        await opened;
        t.equal(dataplane.status().connection.state, 'ready', what);
      }
      await dataplane.close({ keepEntries: true });
      await server.stop();
    }
  },
);

t.test(
  'passive: a switch that dials anew has begun a new life, whatever the old stream says',
  skip,
  async (t) => {
    const number = await freePort();
    const { device, server, events, make } = await rig(t);
    await device.addLogicalSwitch(10);
    const again = await OvsdbServer.start();
    const reborn = await TestSwitch.start(again);
    t.teardown(async () => {
      reborn.close();
      await again.remove();
    });
    await reborn.addLogicalSwitch(20);
    const endpoint = parseEndpoint(`ptcp:${number}:127.0.0.1`)!;
    const port = new PassivePort(endpoint, undefined, systemClock, silentLogger);
    const dataplane = make({ source: passiveSource(port, SWITCH) });
    const opened = dataplane.open(events);
    await port.port();
    dial(server, number);
    await opened;
    t.ok(events.instances.has(10));
    // It hangs, and the connection with it: nothing tells that it is dead.
    server.freeze(true);
    dial(again, number);
    await until(() => events.instances.has(20) && !events.instances.has(10), 'the new life is read');
    server.freeze(false);
  },
);
