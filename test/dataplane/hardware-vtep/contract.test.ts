/** The contract suite on a hardware VTEP: a real ovsdb-server that holds vtep.ovsschema, with a switch behind it. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AddressTable } from '../../../src/base/address-table.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { IpBytes } from '../../../src/base/ip.ts';
import { silentLogger } from '../../../src/base/log.ts';
import type { Mac } from '../../../src/base/mac.ts';
import { HardwareVtepDataplane } from '../../../src/dataplane/hardware-vtep/index.ts';
import { activeSource } from '../../../src/ovsdb/index.ts';
import { OvsdbServer, skipWithoutServer } from '../../ovsdb/server.ts';
import { type Bench, dataplaneContract } from '../contract.ts';
import { SWITCH, TestSwitch } from './switch.ts';

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function hardwareVtepBench(): Promise<Bench> {
  const server = await OvsdbServer.start();
  const device = await TestSwitch.start(server);
  const addresses = new AddressTable();
  const ledgerFile = join(server.directory, `${randomBytes(4).toString('hex')}.rows`);
  return {
    addresses,
    create: (options = {}) =>
      HardwareVtepDataplane.create({
        switchName: SWITCH,
        source: activeSource({ kind: 'unix', passive: false, path: server.socket }),
        bindings: [],
        arpSuppression: true,
        ledgerFile,
        clock: systemClock,
        addresses,
        log: silentLogger,
        auditMilliseconds: 0,
        ...options,
      }),
    addInstance: (vni) => device.addLogicalSwitch(vni),
    removeInstance: (vni) => device.removeLogicalSwitch(vni),
    entries: (vni) => device.entries(vni),
    localPort: async (vni: number, mac: Mac) => ((await device.hasLocal(vni, mac)) ? 'p1' : undefined),
    attachMac: (vni, mac) => device.attachMac(vni, mac),
    detachMac: (vni, mac) => device.detachMac(vni, mac),
    attachNeighbour: (vni, address, mac) => device.attachNeighbour(vni, address, mac),
    detachNeighbour: (_vni: number, address: IpBytes) => device.detachNeighbour(address),
    writeForeign: (line) => device.writeForeign(line),
    deleteForeign: (line) => device.deleteForeign(line),
    setReachable: (vtep, reachable) => device.setReachable(vtep, reachable),
    async until(condition, what) {
      for (let i = 0; i < 250; i++) {
        if (await condition()) return;
        await wait(20);
      }
      throw new Error(`it did not come about that ${what}`);
    },
    quiet: () => wait(250),
    async close() {
      device.close();
      await server.remove();
    },
  };
}

dataplaneContract('hardware-vtep', hardwareVtepBench, {
  skip: skipWithoutServer,
  lacks: ['ports', 'sticky', 'neighbours without their MAC', 'edits of a neighbour in place'],
});
