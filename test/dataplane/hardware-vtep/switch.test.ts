import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { AddressTable } from '../../../src/base/address-table.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { ip } from '../../../src/base/ip.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { HardwareVtepDataplane } from '../../../src/dataplane/hardware-vtep/index.ts';
import { RowLedger } from '../../../src/dataplane/hardware-vtep/row-ledger.ts';
import { activeSource } from '../../../src/ovsdb/index.ts';
import { OvsdbServer, VTEP_SCHEMA } from '../../ovsdb/server.ts';
import { EventRecorder } from '../contract.ts';
import { HOST, OTHER, rig, skip, THIRD, until } from './rig.ts';
import { SWITCH, TestSwitch } from './switch.ts';

t.test(
  'configured bindings: the logical switch is made, VLANs are bound, other VLANs are left',
  skip,
  async (t) => {
    const { device, events, open } = await rig(t);
    await device.addLogicalSwitch(20);
    const dataplane = await open({
      bindings: [
        { port: 'p1', vlan: 100, vni: 10 },
        { port: 'p9', vlan: 0, vni: 10 },
      ],
    });
    await until(async () => (await device.bindings()).p1?.[100] === 'evpnd-vni10', 'VLAN 100 is bound');
    t.match(await device.logicalSwitch(10), {
      name: 'evpnd-vni10',
      tunnel_key: 10,
      replication_mode: 'source_node',
    });
    t.same((await device.bindings()).p2, { 20: 'ls20' });
    await until(() => events.instances.has(10) && events.instances.has(20), 'both are told');
    const { ports, logicalSwitches } = dataplane.status();
    t.match(ports.find(({ name }) => name === 'p1')?.bindings, [{ vlan: 100, vni: 10, state: 'bound' }]);
    t.match(ports.find(({ name }) => name === 'p2')?.bindings, [{ vlan: 20, vni: 20, configured: false }]);
    t.match(ports.find(({ name }) => name === 'p9')?.bindings, [
      { state: 'pending', reason: 'the switch has no port p9' },
    ]);
    t.same(
      logicalSwitches.map(({ name, ours }) => [name, ours]),
      [
        ['evpnd-vni10', true],
        ['ls20', false],
      ],
    );
  },
);

t.test(
  'bindings change on reload; a logical switch that nobody needs goes with our rows in it',
  skip,
  async (t) => {
    const { device, events, open, vtep2 } = await rig(t);
    const dataplane = await open({ bindings: [{ port: 'p1', vlan: 0, vni: 10 }] });
    dataplane.ensure({ vni: 10, correct: false });
    // More than go in one transaction.
    for (let i = 0; i < 2500; i++) dataplane.setMac(10, HOST + i, vtep2, 0);
    await until(async () => (await device.count('Ucast_Macs_Remote')) === 2500, 'the MACs are there');
    dataplane.rebind([{ port: 'p2', vlan: 7, vni: 30 }]);
    await until(async () => (await device.bindings()).p2?.[7] === 'evpnd-vni30', 'the new one is bound');
    await until(async () => (await device.count('Logical_Switch')) === 1, 'the old logical switch is gone');
    t.same((await device.bindings()).p1, {});
    t.equal(await device.count('Ucast_Macs_Remote'), 0);
    t.notOk(events.instances.has(10));
  },
);

t.test(
  'a binding that leaves the configuration while evpnd is down goes at the next start; one of another controller stays',
  skip,
  async (t) => {
    const { device, server, open } = await rig(t);
    await device.addLogicalSwitch(20);
    const bindingsFile = join(server.directory, 'ours.bindings');
    const first = await open({
      bindingsFile,
      bindings: [
        { port: 'p1', vlan: 1, vni: 10 },
        { port: 'p1', vlan: 2, vni: 10 },
      ],
    });
    await until(async () => (await device.bindings()).p1?.[2] === 'evpnd-vni10', 'both are bound');
    await first.close({ keepEntries: true });
    await open({ bindingsFile, bindings: [{ port: 'p1', vlan: 1, vni: 10 }] });
    await until(async () => !(2 in ((await device.bindings()).p1 ?? {})), 'what is not configured is gone');
    t.same(await device.bindings(), { p1: { 1: 'evpnd-vni10' }, p2: { 20: 'ls20' } });
    await until(
      () => !readFileSync(bindingsFile, 'utf8').includes('"vlan":2'),
      'and not written down any more',
    );
  },
);

t.test('a list of bindings that cannot be read is told, and nothing is taken out for it', skip, async (t) => {
  const { device, server, events, open } = await rig(t);
  await device.addLogicalSwitch(20);
  const bindingsFile = join(server.directory, 'ours.bindings');
  writeFileSync(bindingsFile, '{"port":"p2"}');
  await open({ bindingsFile, bindings: [] });
  t.match(events.problems.get('bindings-file'), /Cannot read .*ours.bindings: it is no list of bindings/);
  t.same((await device.bindings()).p2, { 20: 'ls20' });
});

t.test('a VLAN that another controller has bound stays bound, and is shown', skip, async (t) => {
  const { device, events, open } = await rig(t);
  await device.addLogicalSwitch(10, 'theirs');
  const dataplane = await open({ bindings: [{ port: 'p1', vlan: 0, vni: 99 }] });
  await until(() => events.problems.has('switch-bindings'), 'the operator hears of it');
  t.match(
    events.problems.get('switch-bindings'),
    /port p1, VLAN 0: another controller has bound VLAN 0 to theirs \(VNI 10\)/,
  );
  t.same((await device.bindings()).p1, { 0: 'theirs' });
  t.match(dataplane.status().ports[0]?.bindings[0], { state: 'failed' });
});

t.test(
  'two controllers: what changed since we looked is not overwritten, by the guards of the transaction',
  skip,
  async (t) => {
    const { device, events, open } = await rig(t);
    await open({ bindings: [{ port: 'p1', vlan: 1, vni: 10 }] });
    await until(() => events.instances.has(10), 'ours is bound');
    const guard = {
      ...{ op: 'wait', table: 'Logical_Switch', timeout: 0, where: [['tunnel_key', '==', 10]] },
      ...{ columns: ['name'], until: '==', rows: [] },
    };
    await t.rejects(
      device.client.transact(guard, {
        op: 'insert',
        table: 'Logical_Switch',
        row: { name: 'second', tunnel_key: 10 },
      }),
      { message: /timed out/ },
      'a second logical switch for the VNI is what the guard prevents',
    );
  },
);

t.test('a lock makes one of two controllers wait until the other is gone', skip, async (t) => {
  const { device, open, make, vtep2 } = await rig(t);
  await device.addLogicalSwitch(10);
  const active = await open({ lock: 'evpnd' });
  const standbyEvents = new EventRecorder();
  const standby = make({ lock: 'evpnd', ledgerFile: undefined });
  const opened = standby.open(standbyEvents);
  standby.ensure({ vni: 10, correct: false });
  standby.setMac(10, HOST, vtep2, 0);
  await until(() => standby.status().connection.state === 'standby', 'the second one stands by');
  t.same(await device.entries(10), []);
  await active.close({ keepEntries: true });
  await opened;
  await until(async () => (await device.entries(10)).length === 1, 'the second one writes');
});

t.test(
  'a row that violates a constraint is reported for that row alone; the rest of the batch is applied',
  skip,
  async (t) => {
    const schema = JSON.parse(readFileSync(VTEP_SCHEMA, 'utf8'));
    const allowed = ['02:00:00:00:00:05', '02:00:00:00:00:07'];
    schema.tables.Ucast_Macs_Remote.columns.MAC = {
      type: { key: { type: 'string', enum: ['set', allowed] } },
    };
    delete schema.cksum;
    const { device, events, open, vtep2 } = await rig(t, { schema: JSON.stringify(schema) });
    await device.addLogicalSwitch(10);
    const dataplane = await open();
    dataplane.ensure({ vni: 10, correct: false });
    for (const host of [HOST, OTHER, THIRD]) dataplane.setMac(10, host, vtep2, 0);
    await dataplane.idle();
    t.same(await device.entries(10), [
      'mac 10 02:00:00:00:00:05 10.0.0.2',
      'mac 10 02:00:00:00:00:07 10.0.0.2',
    ]);
    const views = [...dataplane.entries(10)];
    t.same(
      views.map(({ mac: text, status }) => [text, status]),
      [
        ['02:00:00:00:00:05', 'installed'],
        ['02:00:00:00:00:06', 'failed'],
        ['02:00:00:00:00:07', 'installed'],
      ],
    );
    t.match(views[1]?.error, /constraint violation/);
    t.match(events.problems.get('dataplane-writes'), /1 forwarding entry cannot be written/);
    t.match(dataplane.status().rows, { ours: 2, failed: 1 });
  },
);

t.test('faults that the switch reports are shown, and stop what they are about', skip, async (t) => {
  const { device, events, open, vtep2, vtep3 } = await rig(t);
  await device.addLogicalSwitch(10);
  const dataplane = await open();
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.setMac(10, HOST, vtep2, 0);
  await dataplane.idle();
  await device.setFaults(['mac_table_exhaustion', 'tunnel_exhaustion']);
  await until(() => events.problems.has('switch-faults'), 'the operator hears of it');
  t.match(events.problems.get('switch-faults'), /torus1 reports mac_table_exhaustion, tunnel_exhaustion/);
  dataplane.setMac(10, OTHER, vtep2, 0);
  dataplane.addFlood(10, vtep3);
  await dataplane.idle();
  const errors = [...dataplane.entries(10)].flatMap(({ error }) => error ?? []).sort();
  t.same(errors, ['the switch reports mac_table_exhaustion', 'the switch reports tunnel_exhaustion']);
  await device.setFaults([]);
  await until(() => !events.problems.has('switch-faults'), 'it is over');
  await until(() => dataplane.counters().installed === 3, 'what was stopped is written');
});

t.test('a VTEP of another family than the schema knows is refused by itself', skip, async (t) => {
  const { addresses, device, open, vtep2 } = await rig(t);
  await device.addLogicalSwitch(10);
  const dataplane = await open();
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.addFlood(10, addresses.intern(ip('fd00::2')));
  dataplane.addFlood(10, vtep2);
  await dataplane.idle();
  t.same(await device.entries(10), ['flood 10 10.0.0.2']);
  t.match(
    [...dataplane.entries(10)].find(({ status }) => status === 'failed'),
    { error: /VTEP is IPv6/ },
  );
});

t.test(
  'without tunnel IP the instance has no VTEP, and the operator hears why; it comes with the address',
  skip,
  async (t) => {
    const { device, events, open } = await rig(t, { tunnelIp: undefined });
    await device.addLogicalSwitch(10);
    await open();
    t.equal(events.instances.get(10)?.vtep, undefined);
    t.match(events.instances.get(10)?.warnings, ['the switch has no IPv4 address in tunnel_ips']);
    t.match(events.problems.get('switch'), /no IPv4 address in tunnel_ips: it cannot be a VTEP/);
    const row = { tunnel_ips: '10.0.0.1' };
    await device.client.transact({ op: 'update', table: 'Physical_Switch', where: [], row });
    await until(() => events.instances.get(10)?.vtep !== undefined, 'the address is told');
    t.notOk(events.problems.has('switch'));
  },
);

t.test('a database without hardware_vtep: said in log and show, and nobody waits for it', skip, async (t) => {
  const schema = JSON.parse(readFileSync(VTEP_SCHEMA, 'utf8'));
  const other = { ...schema, name: 'Other' };
  delete other.cksum;
  const server = await OvsdbServer.start({ schema: JSON.stringify(other) });
  t.teardown(() => server.remove());
  const events = new EventRecorder();
  const dataplane = HardwareVtepDataplane.create({
    switchName: SWITCH,
    source: activeSource({ kind: 'unix', passive: false, path: server.socket }),
    ...{ bindings: [], clock: systemClock, addresses: new AddressTable(), log: silentLogger },
  });
  dataplane.open(events).catch(() => {});
  await until(() => events.problems.has('switch'), 'the operator hears of it');
  t.match(events.problems.get('switch'), /is not connected: The server has no database hardware_vtep/);
  t.match(dataplane.status().connection.lastError, /no database hardware_vtep/);
  await dataplane.close({ keepEntries: false });
});

t.test(
  'a switch that freezes keeps its rows; when it is away for long, its instances go down',
  skip,
  async (t) => {
    const { device, server, events, open, vtep2 } = await rig(t);
    await device.addLogicalSwitch(10);
    await device.attachMac(10, OTHER);
    const dataplane = await open({ probeMilliseconds: 100, awayMilliseconds: 300 });
    dataplane.ensure({ vni: 10, correct: false });
    dataplane.setMac(10, HOST, vtep2, 0);
    await dataplane.idle();
    server.freeze(true);
    await until(() => events.instances.get(10)?.up === false, 'the instance is told down');
    t.equal(events.macs.size, 1, 'its hosts are kept for when it is back');
    dataplane.setMac(10, THIRD, vtep2, 0);
    server.freeze(false);
    await until(() => events.instances.get(10)?.up === true, 'it is back');
    await until(async () => (await device.entries(10)).length === 2, 'what was wanted meanwhile is written');
    t.match(dataplane.counters(), { installed: 2, failed: 0, repaired: 0 });
  },
);

t.test('a switch that restarts with an empty database is whole again', skip, async (t) => {
  const { server, events, open, vtep2 } = await rig(t);
  const dataplane = await open({ bindings: [{ port: 'p1', vlan: 0, vni: 10 }] });
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.setMac(10, HOST, vtep2, 0);
  dataplane.addFlood(10, vtep2);
  await until(() => dataplane.counters().installed === 2, 'both are there');
  await server.stop();
  server.createDatabase();
  await server.run();
  const device = await TestSwitch.start(server);
  t.teardown(() => device.close());
  const returned = performance.now();
  await until(async () => (await device.entries(10)).length === 2, 'the rows are back');
  t.ok(performance.now() - returned < 2000, 'within two seconds');
  t.same((await device.bindings()).p1, { 0: 'evpnd-vni10' });
  await until(() => events.instances.get(10)?.up === true, 'the instance is up');
});

t.test(
  'a killed daemon knows its rows again; a ledger cut in the middle of a record is read up to there',
  skip,
  async (t) => {
    const { device, server, open, vtep2 } = await rig(t);
    await device.addLogicalSwitch(10);
    const first = await open();
    first.ensure({ vni: 10, correct: false });
    for (const host of [HOST, OTHER]) first.setMac(10, host, vtep2, 0);
    await first.idle();
    await first.close({ keepEntries: true });
    const file = join(server.directory, 'ours.rows');
    t.equal(readFileSync(file).length % 16, 0);
    truncateSync(file, readFileSync(file).length - 5);
    const ledger = new RowLedger(file, new AddressTable(), (text) => t.equal(text, undefined));
    ledger.open();
    t.equal(readFileSync(file).length, 16, 'one whole record');
    ledger.close();
    const second = await open();
    second.ensure({ vni: 10, correct: false });
    second.pruneStale();
    await second.idle();
    t.same(
      await device.entries(10),
      ['mac 10 02:00:00:00:00:06 10.0.0.2'],
      'what is not known as ours is left alone',
    );
  },
);

t.test('per-locator tunnel keys: the VNI stands at the locators', skip, async (t) => {
  const { device, open, vtep2 } = await rig(t);
  const dataplane = await open({ keyAtLocators: true, bindings: [{ port: 'p1', vlan: 0, vni: 10 }] });
  dataplane.ensure({ vni: 10, correct: false });
  dataplane.setMac(10, HOST, vtep2, 0);
  await until(() => dataplane.counters().installed === 1, 'the MAC is there');
  const [logicalSwitch] = await device.client.rows('Logical_Switch');
  t.match(logicalSwitch, { name: 'evpnd-vni10', tunnel_key: ['set', []] });
  t.match(await device.client.rows('Physical_Locator'), [{ dst_ip: '10.0.0.2', tunnel_key: 10 }]);
  const again = await dataplane.close({ keepEntries: true }).then(() => open({ keyAtLocators: true }));
  t.match(again.status().logicalSwitches, [{ name: 'evpnd-vni10', vni: 10, remoteMacs: 1, foreignMacs: 0 }]);
});

t.test(
  'a host that is back before the switch had a look counts as local again after a while',
  skip,
  async (t) => {
    const server = await OvsdbServer.start();
    const device = await TestSwitch.start(server, { tunnelIp: '10.0.0.1', emulate: false });
    t.teardown(async () => {
      device.close();
      await server.remove();
    });
    await device.addLogicalSwitch(10);
    await device.attachMac(10, HOST);
    const events = new EventRecorder();
    const addresses = new AddressTable();
    const dataplane = HardwareVtepDataplane.create({
      switchName: SWITCH,
      source: activeSource({ kind: 'unix', passive: false, path: server.socket }),
      ...{ bindings: [], clock: systemClock, addresses, log: silentLogger, auditMilliseconds: 0 },
    });
    t.teardown(() => dataplane.close({ keepEntries: true }));
    await dataplane.open(events);
    dataplane.ensure({ vni: 10, correct: false });
    t.equal(events.macs.size, 1);
    dataplane.setMac(10, HOST, addresses.intern(ip('10.0.0.2')), 0);
    await until(() => events.macs.size === 0, 'the MAC is told gone');
    await until(() => events.macs.size === 1, 'the row that stayed counts');
  },
);

t.test(
  'a switch of another name: the operator hears which ones there are, and nothing is written',
  skip,
  async (t) => {
    const { device, events, open } = await rig(t);
    const dataplane = await open({ switchName: 'torus7', bindings: [{ port: 'p1', vlan: 0, vni: 10 }] });
    await until(() => events.problems.has('switch'), 'the operator hears of it');
    t.equal(events.problems.get('switch'), 'the database has no Physical_Switch torus7; it has torus1');
    const { present, problems, ports } = dataplane.status();
    t.same([present, problems], [false, ['the database has no Physical_Switch torus7; it has torus1']]);
    t.match(ports, [{ name: 'p1', bindings: [{ state: 'pending', reason: undefined }] }]);
    t.equal(await device.count('Logical_Switch'), 0);
  },
);

t.test('why a switch is not connected is told anew when it changes', skip, async (t) => {
  const { server, events, open } = await rig(t);
  await open({ probeMilliseconds: 300 });
  server.freeze(true);
  await until(() => /has not answered for/.test(events.problems.get('switch') ?? ''), 'it is silent');
  server.freeze(false);
  await until(() => !events.problems.has('switch'), 'it is over');
  await server.stop();
  await until(() => /ECONNREFUSED|ENOENT/.test(events.problems.get('switch') ?? ''), 'it is gone');
});
