import { join } from 'node:path';
import type { Test } from 'tap';
import { AddressTable } from '../../../src/base/address-table.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { ip } from '../../../src/base/ip.ts';
import { silentLogger } from '../../../src/base/log.ts';
import {
  HardwareVtepDataplane,
  type HardwareVtepDataplaneOptions,
} from '../../../src/dataplane/hardware-vtep/index.ts';
import { activeSource } from '../../../src/ovsdb/index.ts';
import { OvsdbServer, skipWithoutServer } from '../../ovsdb/server.ts';
import { EventRecorder, mac } from '../contract.ts';
import { SWITCH, TestSwitch } from './switch.ts';

export const skip = { skip: skipWithoutServer };
export const HOST = mac('02:00:00:00:00:05');
export const OTHER = mac('02:00:00:00:00:06');
export const THIRD = mac('02:00:00:00:00:07');

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 8,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`it did not come about that ${what}`);
}

export interface Rig {
  readonly server: OvsdbServer;
  readonly device: TestSwitch;
  readonly addresses: AddressTable;
  readonly events: EventRecorder;
  readonly vtep2: number;
  readonly vtep3: number;
  make(options?: Partial<HardwareVtepDataplaneOptions>): HardwareVtepDataplane;
  /** Opened and, when the switch answers, read. */
  open(options?: Partial<HardwareVtepDataplaneOptions>): Promise<HardwareVtepDataplane>;
}

export async function rig(
  t: Test,
  options: Parameters<typeof OvsdbServer.start>[0] & { readonly tunnelIp?: string | undefined } = {},
): Promise<Rig> {
  const server = await OvsdbServer.start(options);
  const tunnelIp = 'tunnelIp' in options ? options.tunnelIp : '10.0.0.1';
  const device = await TestSwitch.start(server, { tunnelIp });
  const addresses = new AddressTable();
  const events = new EventRecorder();
  const made: HardwareVtepDataplane[] = [];
  t.teardown(async () => {
    for (const dataplane of made) await dataplane.close({ keepEntries: true });
    device.close();
    await server.remove();
  });
  const make: Rig['make'] = (more = {}) => {
    const dataplane = HardwareVtepDataplane.create({
      switchName: SWITCH,
      source: activeSource({ kind: 'unix', passive: false, path: server.socket }),
      bindings: [],
      ledgerFile: join(server.directory, 'ours.rows'),
      clock: systemClock,
      addresses,
      log: silentLogger,
      auditMilliseconds: 0,
      ...more,
    });
    made.push(dataplane);
    return dataplane;
  };
  return {
    server,
    device,
    addresses,
    events,
    vtep2: addresses.intern(ip('10.0.0.2')),
    vtep3: addresses.intern(ip('10.0.0.3')),
    make,
    async open(more) {
      const dataplane = make(more);
      await dataplane.open(events);
      return dataplane;
    },
  };
}
